/**
 * Loads the core of the offline solver.
 */
import type { SolverBinding } from '../binding.js'
import type { SolverModule } from '../bindings/solver.js'
import { nativeSolverBinding } from '../bindings/solver-native.js'
import { wasmSolverBinding } from '../bindings/solver-wasm.js'
import { loadCore } from './load-core.js'

const core = {
  native: (addon: unknown): SolverBinding => nativeSolverBinding(addon as SolverModule),
  wasm: wasmSolverBinding,
  file: 'homeostat_solver_bg.wasm',
}

/** `source`: a compiled WebAssembly module or its bytes, which are then used whatever else there is. */
export function loadSolver(source: unknown, warn: (line: string) => void): SolverBinding {
  return loadCore(core, source, warn)
}
