/** Opens a store, uses it and closes it: one of many that start at once. `starter.mjs <url> <time to start at, ms>` */
import { openPostgres, openSqlite } from '../../../ts/storage/node/index.js'

const [url = '', at = '0'] = process.argv.slice(2)
await new Promise((resolve) => setTimeout(resolve, Math.max(0, Number(at) - Date.now())))
// Patient, since each of many waits for all others, however slow the disk is.
const storage = await (url.startsWith('postgres:')
  ? openPostgres(url, { connect: '60s', query: '120s' })
  : openSqlite(url.slice('sqlite:'.length), { busy: '60s' }))
await storage.kernels.put('starter', `${process.pid}`, { blueprint: 'b', state: 's', tags: [], seconds: 1 })
const writer = await storage.journals.open(`process-${process.pid}`)
await writer.close()
await storage.close()
