/** The solver of the native add-on. */
import type { SolverBinding } from '../binding.js'
import { nativePanicText } from './native.js'
import { bindSolver, type SolverModule } from './solver.js'

export function nativeSolverBinding(module: SolverModule): SolverBinding {
  return bindSolver(module, { kind: 'native', poisons: false, panicText: nativePanicText })
}
