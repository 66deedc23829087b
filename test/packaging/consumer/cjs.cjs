const api = require('homeostat')
const solver = require('homeostat/solver')

const entry = (name) => require.resolve(name).split(/[\\/]/).at(-1)

Promise.all([import('./scenario.mjs'), import('./solver-scenario.mjs'), import('./node-scenario.mjs')]).then(
  async ([{ consume }, { consumeSolver }, { consumeSolverNode }]) => {
    const result = {
      ...(await consume(api)),
      solver: await consumeSolver(solver),
      solverNode: await consumeSolverNode(solver),
    }
    console.log(
      `RESULT ${JSON.stringify({ ...result, entry: entry('homeostat'), solverEntry: entry('homeostat/solver') })}`,
    )
  },
)
