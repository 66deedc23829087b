import * as forge from 'homeostat/forge'
import { consumeForge, consumeForgeDevice } from './forge-scenario.mjs'

const result = { ...(await consumeForge(forge)), device: await consumeForgeDevice(forge) }
console.log(`RESULT ${JSON.stringify({ ...result, entry: import.meta.resolve('homeostat/forge').split('/').at(-1) })}`)
