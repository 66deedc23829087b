// Builds what is stale. `--only native|forge-native|wasm|wasm-solver|dashboard|ts|demo` builds one part and nothing that it needs.
import { parseArgs } from 'node:util'
import { build, PARTS } from './lib/build/index.mjs'
import { main, StepError } from './lib/errors.mjs'
import { setup } from './lib/setup.mjs'
import { withLock } from './lib/stamps.mjs'

await main(async () => {
  const { values } = parseArgs({ options: { only: { type: 'string', multiple: true } } })
  const unknown = values.only?.find((name) => !(name in PARTS))
  if (unknown)
    throw new StepError(`there is no part '${unknown}'`, { remedy: `--only ${Object.keys(PARTS).join(' | ')}` })
  await withLock(async () => build({ ...(await setup()), only: values.only }))
})
