const api = require('homeostat')

import('./scenario.mjs')
  .then(({ consume }) => consume(api))
  .then((result) =>
    console.log(`RESULT ${JSON.stringify({ ...result, entry: require.resolve('homeostat').split(/[\\/]/).at(-1) })}`),
  )
