/**
 * Loads the core of the live tuner.
 */
import type { Binding } from '../binding.js'
import type { CoreModule } from '../bindings/core.js'
import { nativeBinding } from '../bindings/native.js'
import { wasmBinding } from '../bindings/wasm.js'
import { loadCore } from './load-core.js'

export { platformTriple } from './load-core.js'

const core = {
  native: (addon: unknown): Binding => nativeBinding(addon as CoreModule),
  wasm: wasmBinding,
  file: 'homeostat_bg.wasm',
}

/** `source`: a compiled WebAssembly module or its bytes, which are then used whatever else there is. */
export function loadBinding(source: unknown, warn: (line: string) => void): Binding {
  return loadCore(core, source, warn)
}
