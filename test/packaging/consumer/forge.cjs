const forge = require('homeostat/forge')

import('./forge-scenario.mjs').then(async ({ consumeForge, consumeForgeDevice }) => {
  const result = { ...(await consumeForge(forge)), device: await consumeForgeDevice(forge) }
  const entry = require.resolve('homeostat/forge').split(/[\\/]/).at(-1)
  console.log(`RESULT ${JSON.stringify({ ...result, entry })}`)
})
