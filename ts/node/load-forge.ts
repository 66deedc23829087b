/**
 * Loads the forge's core: its own native add-on, with wgpu in it, or its WebAssembly module.
 */
import { type NativeForgeModule, nativeForgeBinding } from '../bindings/forge-native.js'
import { wasmForgeBinding } from '../bindings/forge-wasm.js'
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
