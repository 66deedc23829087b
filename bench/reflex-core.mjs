// The reflex's core as WebAssembly: permit and result, failures at two window sizes, structural events, refusals, memory
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import * as glue from '../out/wasm/homeostat_reflex.js'

// Short blocks, so that most are not interrupted.
const CALLS = 20_480
const ROUNDS = 101
/** What a plain typed-array ring write costs on the machine that the targets are stated for. */
const STATED_RING_NS = 6

const { values: options } = parseArgs({ options: { targets: { type: 'boolean', default: false } } })
const { memory } = glue.initSync({
  module: readFileSync(new URL('../out/wasm/homeostat_reflex_bg.wasm', import.meta.url)),
})

/** The least that a ring can be: a place to write and a head that outlives the call. As in `hotpath`. */
const RING = 1 << 20
const values = new Float64Array(RING)
let head = 0

const RECORDS = 1024
const doubles = new Float64Array(RECORDS * 4)
const words = new Uint32Array(doubles.buffer)
const singles = new Float32Array(doubles.buffer)
let turn = 0
let nowUs = 0

const breaker = (options) => new glue.Breaker(JSON.stringify(options), 0)
const failures = (window) => {
  const one = breaker({ window_calls: window, failures: 1e6, failure_rate: null })
  for (let i = 0; i < window + 100; i++) one.tell(one.tryAcquire(0), 1, 0)
  return (n) => {
    for (let i = 0; i < n; i++) one.tell(one.tryAcquire(++nowUs), 1, nowUs)
  }
}
const pairs = (one) => (n) => {
  for (let i = 0; i < n; i++) one.tell(one.tryAcquire(++nowUs), 0, nowUs)
}
const reflex = new glue.Reflex('{"breaker":{"slow_us":1000000}}', 0)
const plain = reflex.component('plain', '', 0)
const limited = reflex.component('limited', '{"limiter":{}}', 0)
const held = reflex.component('held', '', 0)
reflex.operate(held, 1, 0)
const protectedBy = (component) => (n) => {
  for (let i = 0; i < n; i++) reflex.tell(reflex.tryAcquire(component, 2, ++nowUs), 0, 0, nowUs)
}

const CASES = {
  ring: (n) => {
    for (let i = 0; i < n; i++) {
      values[head & (RING - 1)] = i
      head++
    }
  },
  event: (n) => {
    for (let i = 0; i < n; i++) {
      const at = turn++ % RECORDS
      words[at * 8] = 3 | (1 << 8)
      words[at * 8 + 1] = plain
      doubles[at * 4 + 1] = nowUs
      doubles[at * 4 + 2] = i
      words[at * 8 + 6] = held
      singles[at * 8 + 7] = 100
    }
  },
  ingest: (n) => {
    for (let i = 0; i < n; i += RECORDS) reflex.ingest(new Uint8Array(doubles.buffer), nowUs)
  },
  breaker: pairs(breaker({ slow_us: 1e6 })),
  'failure, window 50': failures(50),
  'failure, window 50000': failures(50_000),
  reflex: protectedBy(plain),
  'reflex with a limit': protectedBy(limited),
  refusal: (n) => {
    for (let i = 0; i < n; i++) reflex.tryAcquire(held, 2, ++nowUs)
  },
}

const times = Object.fromEntries(Object.keys(CASES).map((name) => [name, []]))
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, run] of Object.entries(CASES)) {
    const start = process.hrtime.bigint()
    run(CALLS)
    times[name].push(Number(process.hrtime.bigint() - start) / CALLS)
  }
}
const median = (all) => [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)]
const ns = (name) => median(times[name])
const scale = ns('ring') / STATED_RING_NS
const ratio = median(times['failure, window 50000'].map((t, i) => t / times['failure, window 50'][i]))

/** Objects that nobody closes: what the module's memory grows to. */
function grown(work) {
  const before = memory.buffer.byteLength
  work()
  return (memory.buffer.byteLength - before) / 2 ** 20
}
const components = grown(() => {
  for (let i = 0; i < 1e6; i++) reflex.component(`component ${i}`, '', nowUs)
})
const requests = grown(() => {
  for (let i = 1; i <= 1e6; i++) reflex.record(0, 1, 0, plain, ++nowUs, i, 0, 0)
})
const permits = grown(() => {
  for (let i = 0; i < 1e6; i++) reflex.tryAcquire(plain, 2, ++nowUs)
})

const heap = process.memoryUsage().heapUsed
CASES.event(1e6)
const bytes = (process.memoryUsage().heapUsed - heap) / 1e6

/** Name, what was measured, and the most that it may be. */
const rows = [
  ['permit and result, breaker by itself (ns)', ns('breaker'), 80 * scale],
  ['permit and result, component of a reflex (ns)', ns('reflex'), 80 * scale],
  ['permit and result, with an adaptive limit (ns)', ns('reflex with a limit'), undefined],
  ['failure, window of 50 (ns)', ns('failure, window 50'), undefined],
  ['failure, window of 50,000 against 50', ratio, 1.2],
  ['structural event recorded (ns)', ns('event'), 20 * scale],
  ['structural event recorded (bytes on the heap)', bytes, 0.1],
  ['structural event ingested, in batches (ns)', ns('ingest'), undefined],
  ['refusal (ns)', ns('refusal'), undefined],
  ['1e6 components, 4096 kept (MiB)', components, 16],
  ['1e6 requests never closed, 4096 kept (MiB)', requests, 4],
  ['1e6 permits never returned, 65,536 out (MiB)', permits, 8],
]
console.log(
  `a ring write takes ${ns('ring').toFixed(1)} ns here: times stated for 6 ns are scaled by ${scale.toFixed(2)}`,
)
let missed = 0
for (const [name, value, most] of rows) {
  const bad = most !== undefined && value > most
  missed += bad ? 1 : 0
  const target = most === undefined ? '' : `at most ${most.toFixed(1)}${bad ? '  MISSED' : ''}`
  console.log(`${name.padEnd(50)}${value.toFixed(2).padStart(10)}  ${target}`)
}
if (options.targets && missed > 0) process.exitCode = 1
