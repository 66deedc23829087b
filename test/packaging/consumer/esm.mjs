import * as api from 'homeostat'
import * as flow from 'homeostat/flow'
import * as resilience from 'homeostat/resilience'
import * as solver from 'homeostat/solver'
import { consumeSolverNode } from './node-scenario.mjs'
import { consumeReflex } from './reflex-scenario.mjs'
import { consume } from './scenario.mjs'
import { consumeSolver } from './solver-scenario.mjs'

const result = {
  ...(await consume(api)),
  solver: await consumeSolver(solver),
  reflex: await consumeReflex(resilience, flow),
  solverNode: await consumeSolverNode(solver),
}
const entry = (name) => import.meta.resolve(name).split('/').at(-1)
console.log(
  `RESULT ${JSON.stringify({ ...result, entry: entry('homeostat'), solverEntry: entry('homeostat/solver'), reflexEntry: entry('homeostat/resilience') })}`,
)
