import { wasmModule } from './wasm-module.mjs'

export const wasm = wasmModule({
  title: 'WebAssembly core',
  name: 'homeostat',
  crate: 'homeostat-wasm',
  inputs: [],
})
