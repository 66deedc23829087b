const api = require('homeostat')
const flow = require('homeostat/flow')
const resilience = require('homeostat/resilience')
const solver = require('homeostat/solver')

const entry = (name) => require.resolve(name).split(/[\\/]/).at(-1)

Promise.all([
  import('./scenario.mjs'),
  import('./solver-scenario.mjs'),
  import('./node-scenario.mjs'),
  import('./reflex-scenario.mjs'),
]).then(async ([{ consume }, { consumeSolver }, { consumeSolverNode }, { consumeReflex }]) => {
  const result = {
    ...(await consume(api)),
    solver: await consumeSolver(solver),
    reflex: await consumeReflex(resilience, flow),
    solverNode: await consumeSolverNode(solver),
  }
  console.log(
    `RESULT ${JSON.stringify({ ...result, entry: entry('homeostat'), solverEntry: entry('homeostat/solver'), reflexEntry: entry('homeostat/resilience') })}`,
  )
})
