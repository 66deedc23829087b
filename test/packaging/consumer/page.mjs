import * as api from 'homeostat'
import * as solver from 'homeostat/solver'
import { consume } from './scenario.mjs'
import { consumeSolver } from './solver-scenario.mjs'

globalThis.outcome = consume(api)
  .then(async (value) => ({ ...value, solver: await consumeSolver(solver) }))
  .then(
    (value) => ({ value }),
    (error) => ({ error: String(error?.stack ?? error) }),
  )
