/** The solver as WebAssembly: a module of its own. */
import * as glue from '../../out/wasm/homeostat_solver.js'
import type { SolverBinding } from '../binding.js'
import { bindSolver } from './solver.js'
import { trapText } from './trap.js'
import type { WasmSource } from './wasm.js'

/** Instantiates the module, synchronously where the runtime allows to compile. */
export function wasmSolverBinding(source: WasmSource): SolverBinding {
  glue.initSync({ module: source })
  return bindSolver(glue, { kind: 'wasm', poisons: true, panicText: trapText })
}
