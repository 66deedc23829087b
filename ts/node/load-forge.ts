/**
 * Loads the forge's core: its own native add-on, with wgpu in it, or its WebAssembly module.
 */
import { type NativeForgeModule, nativeForgeBinding } from '../bindings/forge-native.js'
import { wasmForgeBinding } from '../bindings/forge-wasm.js'
import { isWasmSource, type WasmSource } from '../bindings/wasm-source.js'
import { forgeInThread } from '../forge/node/thread.js'
import type { ForgeBinding } from '../forge-binding.js'
import { type Core, loadCore } from './load-core.js'

const core: Core<ForgeBinding> = {
  native: (addon) => nativeForgeBinding(addon as NativeForgeModule),
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
