/**
 * Loads the core of the reflex: the WebAssembly build in Node too, since what is called per request must not be an N-API call
 * (`npm run bench -- reflex` measures both). HOMEOSTAT_BINDING forces one.
 */

import type { ReflexModule } from '../bindings/reflex.js'
import { nativeReflexBinding } from '../bindings/reflex-native.js'
import { wasmReflexBinding } from '../bindings/reflex-wasm.js'
import type { ReflexBinding } from '../reflex-binding.js'
import { loadCore } from './load-core.js'

const core = {
  native: (addon: unknown): ReflexBinding => nativeReflexBinding(addon as ReflexModule),
  wasm: wasmReflexBinding,
  file: 'homeostat_reflex_bg.wasm',
  prefers: 'wasm',
} as const

/** `source`: a compiled WebAssembly module or its bytes, which are then used whatever else there is. */
export function loadReflex(source: unknown, warn: (line: string) => void): ReflexBinding {
  return loadCore(core, source, warn)
}
