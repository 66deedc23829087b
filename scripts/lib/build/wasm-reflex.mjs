import { wasmModule } from './wasm-module.mjs'

/** A module of its own: a breaker at the edge loads this alone. */
export const wasmReflex = wasmModule({
  title: 'WebAssembly reflex',
  name: 'homeostat_reflex',
  crate: 'homeostat-reflex-wasm',
  // Called for every request.
  level: '-Os',
  // Its error and panic modules are those of the core's crate.
  inputs: ['crates/homeostat-reflex', 'crates/homeostat-wasm/src'],
})
