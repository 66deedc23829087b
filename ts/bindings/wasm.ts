/**
 * The WebAssembly target. A panic there is a trap that leaves the instance poisoned, so that all of its objects are dead.
 */
import * as glue from '../../out/wasm/homeostat.js'
import type { Binding } from '../binding.js'
import { bind } from './core.js'

/** What the module can be made from. */
export type WasmSource = WebAssembly.Module | BufferSource

/** Instantiates the module, synchronously where the runtime allows to compile. */
export function wasmBinding(source: WasmSource): Binding {
  glue.initSync({ module: source })
  return bind(glue, {
    kind: 'wasm',
    poisons: true,
    panicText: (error) => (error instanceof WebAssembly.RuntimeError ? glue.takePanic() || error.message : undefined),
  })
}

/** Whether a value is something that {@link wasmBinding} takes. */
export function isWasmSource(value: unknown): value is WasmSource {
  return value instanceof WebAssembly.Module || value instanceof ArrayBuffer || ArrayBuffer.isView(value)
}
