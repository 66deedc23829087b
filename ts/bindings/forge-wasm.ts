/** The forge as WebAssembly: a module of its own, with WebGPU where the runtime has it. */
import * as glue from '../../out/wasm/homeostat_forge.js'
import { HomeostatError } from '../errors.js'
import type { ForgeBinding, ForgeCore, KernelConfig, OpenOptions } from '../forge-binding.js'
import { adapters } from './forge/adapter.js'
import { type Surroundings, WebForge } from './forge/core.js'
import { Device } from './forge/device.js'
import { ENGINE_METHODS, type Engine, type ForgeModule } from './forge/module.js'
import { guard } from './guard.js'
import { trapText } from './trap.js'
import type { WasmSource } from './wasm-source.js'

/**
 * Products that a proof computes for every element, where nobody but the runs' own thread can compute them: about 10 ms.
 */
const PROOF_WORK_MAX = 4e6

/** Instantiates the module, synchronously where the runtime allows to compile. @param thread whose thread proofs are computed on */
export function wasmForgeBinding(source: WasmSource, thread: 'worker' | 'runs' = 'runs'): ForgeBinding {
  glue.initSync({ module: source })
  const module: ForgeModule = glue
  const { call, wrap } = guard({ kind: 'wasm', poisons: true, panicText: trapText })
  const engine = (options: OpenOptions): Engine => {
    const own = thread === 'runs' ? { proof_work_max: PROOF_WORK_MAX } : {}
    const kernel = JSON.stringify({ ...own, ...JSON.parse(options.kernel) })
    const { runId, share, strategies, previous } = options
    return wrap<Engine>(ENGINE_METHODS, () => new module.Engine(kernel, runId, share, strategies, previous))
  }
  return {
    kind: 'wasm',
    version: () => call(() => module.version()),
    facts: (recipe) => call(() => module.facts(recipe)),
    adapters,
    open: async (options) =>
      openWebForge(engine(options), options, {
        facts: (recipe) => call(() => module.facts(recipe)),
        memoryMax: (JSON.parse(options.kernel) as KernelConfig).memory_max ?? Number.POSITIVE_INFINITY,
      }),
  }
}

async function openWebForge(
  engine: Engine,
  options: OpenOptions,
  known: Pick<Surroundings, 'facts' | 'memoryMax'>,
): Promise<ForgeCore> {
  const open = (): Promise<Device> => Device.open(options.adapter)
  const around = { ...known, nowUs: options.nowUs, reopen: open }
  if (options.device === 'cpu') return new WebForge(engine, undefined, undefined, around)
  try {
    return new WebForge(engine, await open(), undefined, around)
  } catch (error) {
    // Who names an adapter, or asks for a GPU, wants no other answer.
    if (options.device === 'gpu' || options.adapter !== undefined || !(error instanceof HomeostatError)) throw error
    return new WebForge(engine, undefined, error.message, around)
  }
}
