// What a reflex holds after 1e8 events, of 1e6 components, with 1e6 requests that never end and 1e6 permits that nobody returns; --targets: exit 1 above the stated bound
import { writeFileSync } from 'node:fs'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const { values: options } = parseArgs({
  options: {
    events: { type: 'string', default: '1e8' },
    components: { type: 'string', default: '1e6' },
    requests: { type: 'string', default: '1e6' },
    permits: { type: 'string', default: '1e6' },
    json: { type: 'string' },
    targets: { type: 'boolean', default: false },
    // Where the build is, for one that is not in place yet.
    dist: { type: 'string', default: new URL('../dist/esm/', import.meta.url).href },
  },
})
const count = (name) => Number(options[name])

/** Of the sum that the reflex states as `bytesMax`: what the allocator adds, and what growing lists leave behind. */
const ALLOCATOR = 1.25
/** Names, handles and the ring of events on JavaScript's side. */
const HEAP_BYTES_MAX = 4e6

// Every instance of the core that is made from here on, for a look at its memory.
const memories = []
const { Instance } = WebAssembly
WebAssembly.Instance = class extends Instance {
  constructor(...args) {
    super(...args)
    if (this.exports.memory) memories.push(this.exports.memory)
  }
}
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')

process.env.HOMEOSTAT_BINDING = 'wasm'
const { ready, reflex } = await import(`${options.dist}resilience-node.js`)
await ready()
const wasmBytes = () => memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0)
const heapBytes = () => {
  collect()
  return process.memoryUsage().heapUsed
}

let nowUs = 1e6
const before = { wasm: wasmBytes(), heap: heapBytes() }
const watching = reflex({ clock: { nowUs: () => nowUs }, tick: 'manual', cascade: { minimumCalls: 2 } })
const started = process.hrtime.bigint()
const name = (i) => String(i).padStart(128, '0')

/** As many as the least recently used way out leaves room for; the others give way. */
const known = []
for (let i = 0; i < count('components'); i++) {
  const component = watching.component(name(i))
  if (i >= count('components') - 2000) known.push(component)
}
const each = (i) => known[i % known.length]
for (let i = 1; i <= count('requests'); i++) {
  nowUs++
  watching.events.requestStart(each(i), i)
  watching.events.call(each(i), each(i * 7 + 1), i)
}
for (let i = 0; i < count('permits'); i++) {
  nowUs++
  each(i).tryAcquire(0)
}
const error = Object.assign(new Error('down'), { code: 'ECONNREFUSED' })
const { events } = watching
for (let i = 0; i < count('events'); i++) {
  nowUs++
  const [one, other] = [each(i), each(i * 31 + (i >> 8))]
  const request = 1 + (i % 1e6)
  if ((i & 3) === 0) events.requestStart(one, request)
  else if ((i & 3) === 1) events.call(one, other, request)
  else if ((i & 7) === 2) events.callReturn(one, other, request, 'failed', 900, error)
  else events.requestEnd(one, request, 'ok', 500)
  if ((i & 0xfff) === 0) watching.tick()
}
watching.tick()
const seconds = Number(process.hrtime.bigint() - started) / 1e9

const health = watching.health()
const found = {
  events: health.events,
  components: health.components,
  openRequests: health.openRequests,
  inFlight: health.inFlight,
  seconds,
  bytesMax: health.bytesMax,
  wasmBytes: wasmBytes() - before.wasm,
  heapBytes: heapBytes() - before.heap,
}
const rows = [
  ['WebAssembly memory, grown by', found.wasmBytes, health.bytesMax * ALLOCATOR],
  ['heap of JavaScript, grown by', found.heapBytes, HEAP_BYTES_MAX],
]
process.stdout.write(
  `${health.events.toExponential(2)} events, ${count('components')} components (${health.components} kept), ${count('requests')} requests ` +
    `(${health.openRequests} kept), ${count('permits')} permits (${health.inFlight} out), ${health.cascades} cascades in ${seconds.toFixed(1)} s\n` +
    `stated: ${(health.bytesMax / 1e6).toFixed(1)} MB, and a quarter of it for the allocator\n`,
)
for (const [what, bytes, limit] of rows)
  process.stdout.write(
    `${bytes <= limit ? 'met   ' : 'MISSED'} ${what} ${(bytes / 1e6).toFixed(2)} MB (at most ${(limit / 1e6).toFixed(2)})\n`,
  )
if (options.json) writeFileSync(options.json, `${JSON.stringify(found, null, 2)}\n`)
process.exitCode = options.targets && rows.some(([, bytes, limit]) => bytes > limit) ? 1 : 0
