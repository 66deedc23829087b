import { wasmModule } from './wasm-module.mjs'

/** A module of its own: who computes no kernels does not load it. */
export const wasmForge = wasmModule({
  title: 'WebAssembly forge',
  name: 'homeostat_forge',
  crate: 'homeostat-forge-wasm',
  // Its error and panic modules are those of the core's crate.
  inputs: ['crates/homeostat-forge', 'crates/homeostat-reflex', 'crates/homeostat-solver', 'crates/homeostat-wasm/src'],
})
