import { solverWebHost } from '../../bindings/solver-web-host.js'
import { makeSolverFacade } from '../../solver/facade.js'
import compiled from '../../wasm/homeostat_solver_bg.wasm'

export const { ready, minimize, createSolver, bindingKind } = makeSolverFacade(solverWebHost('workerd', compiled))
export * from '../../solver/public.js'
