/**
 * The WebAssembly target. A panic there is a trap that leaves the instance poisoned, so that all of its objects are dead.
 */
import * as glue from '../../out/wasm/homeostat.js'
import type { Binding } from '../binding.js'
import { bind } from './core.js'
import { trapText } from './trap.js'
import type { WasmSource } from './wasm-source.js'

export { isWasmSource, type WasmSource } from './wasm-source.js'

/** Instantiates the module, synchronously where the runtime allows to compile. */
export function wasmBinding(source: WasmSource): Binding {
  glue.initSync({ module: source })
  return bind(glue, { kind: 'wasm', poisons: true, panicText: trapText })
}
