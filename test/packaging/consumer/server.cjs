const api = require('homeostat')
const operations = require('homeostat/server')

import('./server-scenario.mjs').then(async ({ consumeServer }) => {
  console.log(`RESULT ${JSON.stringify(await consumeServer(api, operations))}`)
})
