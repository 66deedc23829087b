import * as api from 'homeostat'
import * as operations from 'homeostat/server'
import { consumeServer } from './server-scenario.mjs'

console.log(`RESULT ${JSON.stringify(await consumeServer(api, operations))}`)
