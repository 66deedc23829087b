// Sets up and builds what is missing, then runs the demonstration service with every argument passed through.
import { build, DEMO_PARTS } from './lib/build/index.mjs'
import { main } from './lib/errors.mjs'
import { at } from './lib/paths.mjs'
import { runProgram } from './lib/program.mjs'
import { setup } from './lib/setup.mjs'
import { withLock } from './lib/stamps.mjs'

await main(async () => {
  await withLock(async () => build({ ...(await setup()), only: DEMO_PARTS }))
  return runProgram(at('out', 'demo', 'main.js'), process.argv.slice(2))
})
