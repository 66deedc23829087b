import * as api from 'homeostat'
import * as solver from 'homeostat/solver'
import { consumeSolverNode } from './node-scenario.mjs'
import { consume } from './scenario.mjs'
import { consumeSolver } from './solver-scenario.mjs'

const result = {
  ...(await consume(api)),
  solver: await consumeSolver(solver),
  solverNode: await consumeSolverNode(solver),
}
const entry = (name) => import.meta.resolve(name).split('/').at(-1)
console.log(
  `RESULT ${JSON.stringify({ ...result, entry: entry('homeostat'), solverEntry: entry('homeostat/solver') })}`,
)
