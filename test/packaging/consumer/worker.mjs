import * as api from 'homeostat'
import { consume } from './scenario.mjs'

export default {
  fetch: async () => Response.json(await consume(api)),
}
