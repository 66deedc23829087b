// Writes a journal to a store through the sink that tuners use, as fast as it takes it, and watches the event loop meanwhile.
import { createHash } from 'node:crypto'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { openStorage } from '../../dist/esm/storage-node.js'

const ENTRIES = 20_000
const PIECE = 200

const encoder = new TextEncoder()
let hash = Buffer.alloc(32)
/** A window's entry as the core writes it, chained. */
function line(seq) {
  const payload = {
    validity: 'valid',
    timestamp_us: seq * 250_000,
    config_generation: 1,
    samples: 50,
    objective: 0.34,
    throughput_rps: 200,
  }
  const entry = {
    seq,
    event: 'window',
    time_us: seq * 250_000,
    run_id: '2c9b055e-0c12-4ffc-a78d-93a108358c40',
    proposal_id: null,
    generation: 1,
    payload,
  }
  const open = JSON.stringify(entry).slice(0, -1)
  hash = createHash('sha256').update(hash).update(open).digest()
  return `${open},"hash":"${hash.toString('hex')}"}\n`
}
const pieces = Array.from({ length: ENTRIES / PIECE }, (_, i) =>
  encoder.encode(Array.from({ length: PIECE }, (_, j) => line(i * PIECE + j)).join('')),
)

const storage = await openStorage(process.argv[2])
const sink = await storage.openJournal('bench', { log: `bench-${process.pid}`, maxPending: '256MB' })
const delay = monitorEventLoopDelay({ resolution: 1 })
delay.enable()
const start = performance.now()
for (const piece of pieces) {
  sink.write(piece)
  await new Promise((resolve) => setTimeout(resolve, 1))
}
while (sink.stats.written < sink.stats.taken) await new Promise((resolve) => setTimeout(resolve, 1))
const seconds = (performance.now() - start) / 1000
delay.disable()
await sink.close(5000)
await storage.journals.remove(`bench-${process.pid}`)
await storage.close()
const ms = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - 1)
const loopMs = { p50: ms(delay.percentile(50)), p99: ms(delay.percentile(99)), max: ms(delay.max) }
console.log(JSON.stringify({ entries: ENTRIES, perSecond: ENTRIES / seconds, loopMs }))
