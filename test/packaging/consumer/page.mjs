import * as api from 'homeostat'
import { consume } from './scenario.mjs'

globalThis.outcome = consume(api).then(
  (value) => ({ value }),
  (error) => ({ error: String(error?.stack ?? error) }),
)
