/**
 * Loads the forge's core: its own native add-on, with wgpu in it, or its WebAssembly module.
 */
import process from 'node:process'
import { isMainThread } from 'node:worker_threads'
import { type NativeForgeModule, nativeForgeBinding } from '../bindings/forge-native.js'
import { wasmForgeBinding } from '../bindings/forge-wasm.js'
import { isWasmSource, type WasmSource } from '../bindings/wasm-source.js'
import { forgeInThread } from '../forge/node/thread.js'
import type { ForgeBinding } from '../forge-binding.js'
import { type Core, loadCore } from './load-core.js'

/** A software adapter compiles for so long, at most, that a process waits for it at its end. */
const REST_MS = 5000
let rests = false

/** A process whose threads are inside of a driver while it ends crashes there. */
function restAtExit(addon: NativeForgeModule): void {
  // A worker's end is not the process's.
  if (rests || !isMainThread) return
  rests = true
  process.once('exit', () => void addon.rest(REST_MS))
}

/** What says which device is meant: with none of them Mesa has nobody to ask, and complains about that at every start. */
const CHOOSE = [
  'XDG_RUNTIME_DIR',
  'WAYLAND_DISPLAY',
  'DISPLAY',
  'DRI_PRIME',
  'MESA_VK_DEVICE_SELECT',
  'NODEVICE_SELECT',
]

function askNobody(): void {
  if (process.platform !== 'linux') return
  try {
    if (CHOOSE.every((name) => process.env[name] === undefined)) process.env.NODEVICE_SELECT = '1'
  } catch {
    // A runtime that does not allow it: then it complains.
  }
}

const core: Core<ForgeBinding> = {
  native: (addon) => {
    askNobody()
    restAtExit(addon as NativeForgeModule)
    return nativeForgeBinding(addon as NativeForgeModule)
  },
  wasm: wasmForgeBinding,
  file: 'homeostat_forge_bg.wasm',
  addon: 'forge',
}

/** `source`: a compiled WebAssembly module or its bytes, which are then used whatever else there is. */
export function loadForge(source: unknown, warn: (line: string) => void): ForgeBinding {
  return loadCore(core, source, warn)
}

/** The same, with the WebAssembly module in a thread of its own where it can have one; the add-on has its own. */
export async function loadForgeBeside(source: unknown, warn: (line: string) => void): Promise<ForgeBinding> {
  const made = loadCore<ForgeBinding | WasmSource>({ ...core, wasm: (wasm) => wasm }, source, warn)
  if (!isWasmSource(made)) return made
  try {
    return await forgeInThread(made)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    warn(
      `homeostat: the forge has no thread of its own (${reason}); what the processor computes holds the event loop up`,
    )
    return wasmForgeBinding(made)
  }
}
