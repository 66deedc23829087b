// Knob reads and sample reports against plain typed arrays, in one process, with the bytes they allocate; `--count`: the bytes alone.
import { readFileSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { Bench } from 'tinybench'

const OPERATIONS = 4096
const RING = 1 << 20
const option = (name) => process.argv[process.argv.indexOf(name) + 1]
const wasm = readFileSync(new URL('../out/wasm/homeostat_bg.wasm', import.meta.url))

async function tuner(target) {
  const entry = await import(`../dist/esm/node.js?${target}`)
  await entry.ready(target === 'wasm' ? wasm : undefined)
  const { homeostat, knob, signal } = entry
  const made = await homeostat({
    name: target,
    knobs: {
      ttl: knob.duration({ min: '30s', max: '900s', initial: '300s', scale: 'log' }),
      concurrency: knob.integer({ min: 4, max: 256, initial: 32, scale: 'log' }),
    },
    signals: { latency: signal.duration(), miss: signal.ratio() },
    minimize: (m) => m.miss,
    mode: 'auto',
    // Every measured round fits, and a tick between the rounds drains them.
    ring: RING,
    tick: 'manual',
  })
  if (entry.bindingKind() !== target) throw new Error(`expected the ${target} core, got ${entry.bindingKind()}`)
  return made
}

const sink = { total: 0 }
const [native, web] = [await tuner('native'), await tuner('wasm')]
const plain = new Float64Array([300_000, 32])

/** The least that a ring can be: a place to write and a head that outlives the call. */
function plainRing() {
  const values = new Float64Array(RING)
  const mask = RING - 1
  let head = 0
  return (value) => {
    values[head & mask] = value
    head = (head + 1) | 0
  }
}
const write = plainRing()

const tasks = {
  'plain read': () => {
    let sum = 0
    for (let i = 0; i < OPERATIONS; i++) sum += plain[i & 1]
    sink.total += sum
  },
  'plain ring write': () => {
    for (let i = 0; i < OPERATIONS; i++) write(i)
  },
}
for (const [name, made] of [
  ['native', native],
  ['wasm', web],
]) {
  const { knobs, signals } = made
  tasks[`knob read, ${name}`] = () => {
    let sum = 0
    for (let i = 0; i < OPERATIONS; i += 2) sum += knobs.ttl + knobs.concurrency
    sink.total += sum
  }
  tasks[`sample report, ${name}`] = () => {
    for (let i = 0; i < OPERATIONS; i++) signals.latency(i)
  }
}

/** Bytes per operation that a task leaves on the heap: the least of several counts, since whatever else runs only adds. */
function bytes(task) {
  let least = Infinity
  for (let count = 0; count < 12; count++) {
    globalThis.gc()
    const before = process.memoryUsage().heapUsed
    for (let round = 0; round < 200; round++) task()
    least = Math.min(least, process.memoryUsage().heapUsed - before)
    drainBoth()
  }
  return Math.max(0, least) / (200 * OPERATIONS)
}

/** Nanoseconds per operation. */
async function timed() {
  const bench = new Bench({ time: 400, warmupTime: 200, throws: true })
  for (const [name, task] of Object.entries(tasks)) bench.add(name, task, { beforeEach: drainBoth })
  await bench.run()
  return Object.fromEntries(bench.tasks.map((t) => [t.name, (t.result.latency.p50 / OPERATIONS) * 1e6]))
}

/** Runs everything until it is optimised, without a clock. */
function warmed() {
  for (let round = 0; round < 1000; round++) {
    for (const task of Object.values(tasks)) task()
    drainBoth()
  }
  return Object.fromEntries(Object.keys(tasks).map((name) => [name, Number.NaN]))
}

// Dropping a sample is faster than taking one: what is measured must find room.
const drainBoth = () => {
  native.tick()
  web.tick()
}
const median = process.argv.includes('--count') ? warmed() : await timed()
const dropped = [native, web].map((made) => made.counters().samplesDropped)
if (dropped.some((n) => n > 0)) throw new Error(`samples were dropped while they were measured: ${dropped}`)

const rows = []
for (const name of Object.keys(tasks)) {
  const rival = name.startsWith('sample') || name.includes('ring') ? 'plain ring write' : 'plain read'
  const ratio = median[name] / median[rival]
  const allocated = globalThis.gc ? bytes(tasks[name]) : undefined
  rows.push({ name, ns: median[name], rival, ratio, bytes: allocated })
  const counted = allocated === undefined ? '' : `  ${allocated.toFixed(3)} bytes each`
  const took = Number.isNaN(ratio) ? '' : ` ${median[name].toFixed(2).padStart(7)} ns  ${ratio.toFixed(2)}x`
  process.stdout.write(`${name.padEnd(24)}${took}${counted}\n`)
}
if (process.argv.includes('--json')) writeFileSync(option('--json'), `${JSON.stringify(rows, null, 2)}\n`)
await Promise.all([native.close(), web.close()])
