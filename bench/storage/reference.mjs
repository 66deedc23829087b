// Opens an SQLite file by libsql alone, in this fresh process, set up as the store does.
const rss = () => process.memoryUsage().rss / 1e6
globalThis.gc()
const before = rss()
const start = performance.now()
const { default: Database } = await import('libsql/promise')
const db = new Database(process.argv[2], { timeout: 0 })
await db.exec('pragma journal_mode = wal; pragma synchronous = normal')
await (await db.prepare('select max(version) from homeostat_schema')).all()
const ms = performance.now() - start
const mb = rss() - before
db.close()
console.log(JSON.stringify({ ms, mb }))
