import * as api from 'homeostat'
import * as solver from 'homeostat/solver'
import { consume } from './scenario.mjs'
import { consumeSolver } from './solver-scenario.mjs'

export default {
  fetch: async () => Response.json({ ...(await consume(api)), solver: await consumeSolver(solver) }),
}
