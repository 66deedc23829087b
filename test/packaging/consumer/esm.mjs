import * as api from 'homeostat'
import { consume } from './scenario.mjs'

const result = await consume(api)
console.log(`RESULT ${JSON.stringify({ ...result, entry: import.meta.resolve('homeostat').split('/').at(-1) })}`)
