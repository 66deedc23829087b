const api = require('homeostat')
const storage = require('homeostat/storage')

import('./storage-scenario.mjs')
  .then(({ consumeStorage }) => consumeStorage(api, storage))
  .then((result) => console.log(`RESULT ${JSON.stringify(result)}`))
