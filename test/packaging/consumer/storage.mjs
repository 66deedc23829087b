import * as api from 'homeostat'
import * as storage from 'homeostat/storage'
import { consumeStorage } from './storage-scenario.mjs'

console.log(`RESULT ${JSON.stringify(await consumeStorage(api, storage))}`)
