/** The reflex as WebAssembly: a module of its own. */
import * as glue from '../../out/wasm/homeostat_reflex.js'
import type { ReflexBinding } from '../reflex-binding.js'
import { bindReflex } from './reflex.js'
import { trapText } from './trap.js'
import type { WasmSource } from './wasm-source.js'

/** One instance serves every entry of the package: a panic in one is known to all. */
let bound: ReflexBinding | undefined

/** Instantiates the module, synchronously where the runtime allows to compile. */
export function wasmReflexBinding(source: WasmSource): ReflexBinding {
  if (bound === undefined) {
    glue.initSync({ module: source })
    bound = bindReflex(glue, { kind: 'wasm', poisons: true, panicText: trapText })
  }
  return bound
}
