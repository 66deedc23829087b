import { makeSolverFacade } from '../../solver/facade.js'
import { solverNodeHost } from '../../solver/node/host.js'

export const { ready, minimize, createSolver, bindingKind } = makeSolverFacade(solverNodeHost('bun'))
export * from '../../solver/node/public.js'
export * from '../../solver/public.js'
