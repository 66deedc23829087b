// Opens a store in this fresh process: time from the first import, and how much the process grew.
const rss = () => process.memoryUsage().rss / 1e6
globalThis.gc()
const before = rss()
const start = performance.now()
const { openStorage } = await import('../../dist/esm/storage-node.js')
const loaded = performance.now()
const storage = await openStorage(process.argv[2])
const opened = performance.now()
const mb = rss() - before
await storage.close()
console.log(JSON.stringify({ ms: opened - start, importMs: loaded - start, mb }))
