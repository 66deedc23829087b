import { wasmModule } from './wasm-module.mjs'

/** A module of its own: who only tunes live values does not load it. */
export const wasmSolver = wasmModule({
  title: 'WebAssembly solver',
  name: 'homeostat_solver',
  crate: 'homeostat-solver-wasm',
  // Its error and panic modules are those of the core's crate.
  inputs: ['crates/homeostat-solver', 'crates/homeostat-wasm/src'],
})
