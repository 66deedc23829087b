import { solverWebHost } from '../../bindings/solver-web-host.js'
import { makeSolverFacade } from '../../solver/facade.js'

export const { ready, minimize, createSolver, bindingKind } = makeSolverFacade(
  solverWebHost('browser', new URL('../wasm/homeostat_solver_bg.wasm', import.meta.url)),
)
export * from '../../solver/public.js'
