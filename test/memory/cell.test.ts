import { Worker } from 'node:worker_threads'
import { expect, test, vi } from 'vitest'
import { BUSY, CellReader, CellWriter, pause, READ_SPINS, VETOED, WAITS } from '../../ts/memory/cell.js'
import {
  allocate,
  LAYOUT_VERSION,
  type Memory,
  matches,
  viewsOver,
  WORD_CONTROL,
  WORD_SEQUENCE,
  WORD_VERSION,
} from '../../ts/memory/layout.js'

const KNOBS = 8

function cell(): { memory: Memory; writer: CellWriter; reader: CellReader } {
  const memory = allocate({ knobs: KNOBS, signals: 1, lanes: 2, ring: 64 }, new Float64Array(KNOBS))
  return { memory, writer: new CellWriter(memory), reader: new CellReader(memory) }
}

test('what was published is read, under the generation given', () => {
  const { memory, writer, reader } = cell()
  writer.stage.set([1.5, -2, 3e300, 0, 5, 6, 7, 8], 1)
  expect(writer.publish(3, 0)).toBe(3)
  expect(reader.read()).toBe(true)
  expect([...reader.copy]).toEqual([3, 1.5, -2, 3e300, 0, 5, 6, 7, 8])
  expect([...memory.live]).toEqual([...reader.copy])
  expect(memory.words[17]).toBe(3 << 6)
})

test('a generation never goes back', () => {
  const { writer } = cell()
  expect(writer.publish(10, 0)).toBe(10)
  expect(writer.publish(4, 0)).toBe(11)
  expect(writer.publish(11, 0)).toBe(12)
})

test('a held lock makes the writer give up and the reader say so, within a bound', () => {
  const { memory, writer, reader } = cell()
  memory.words[WORD_SEQUENCE] = 1
  expect(writer.publish(1, 0)).toBe(BUSY)
  expect(reader.read()).toBe(false)
})

test('a reader that loses every race never takes the lock: it may be terminated anywhere', () => {
  const { memory, writer, reader } = cell()
  const { words } = memory
  // Every look at the sequence word finds another one, as under a writer that never rests.
  const sequences = new Set<number>()
  let looks = 0
  const load = vi.spyOn(Atomics, 'load').mockImplementation(((array: Int32Array, index: number) => {
    if (array !== words || index !== WORD_SEQUENCE) return array[index] as number
    sequences.add(words[WORD_SEQUENCE] as number)
    return 2 * ++looks
  }) as typeof Atomics.load)
  const exchange = vi.spyOn(Atomics, 'compareExchange')
  try {
    expect(reader.read()).toBe(false)
    expect(looks).toBeGreaterThan(READ_SPINS * WAITS)
    expect(exchange).not.toHaveBeenCalled()
    expect([...sequences]).toEqual([0])
  } finally {
    load.mockRestore()
    exchange.mockRestore()
  }
  expect(writer.publish(1, 0)).toBe(1)
  expect(reader.read()).toBe(true)
})

test("the control file's word vetoes values that were decided before it", () => {
  const { memory, writer, reader } = cell()
  writer.stage.fill(4)
  writer.publish(1, 0)
  memory.words[WORD_CONTROL] = 2
  writer.stage.fill(5)
  expect(writer.publish(2, 0)).toBe(VETOED)
  expect(memory.words[WORD_SEQUENCE] as number).toBe(2)
  reader.read()
  expect(reader.copy[1]).toBe(4)
  expect(writer.publish(2, 2)).toBe(2)
})

test('a block of another shape or version is recognised', () => {
  const { memory } = cell()
  const shape = memory.shape
  expect(matches(memory.buffer, shape)).toBe(true)
  expect(matches(memory.buffer, { ...shape, knobs: 7 })).toBe(false)
  expect(matches(memory.buffer, { ...shape, ring: 128 })).toBe(false)
  memory.words[WORD_VERSION] = LAYOUT_VERSION + 1
  expect(matches(memory.buffer, shape)).toBe(false)
  expect(viewsOver(memory.buffer, shape).live).toHaveLength(1 + KNOBS)
})

/**
 * Four threads take snapshots while this one publishes a million configurations. Every value of a configuration follows
 * from its generation, so that one value of another generation gives a snapshot away.
 */
test('1e6 publications under 4 reading threads: no torn snapshot, no generation back', async () => {
  const { memory, writer } = cell()
  const publish = (generation: number) => {
    for (let i = 0; i < KNOBS; i++) writer.stage[1 + i] = generation * 1.1 + i / 7
    return writer.publish(generation, 0)
  }
  publish(1)
  const stop = new Int32Array(new SharedArrayBuffer(8))
  const readers = Array.from({ length: 4 }, () => snapshotThread(memory, stop))
  await Promise.all(readers.map((reader) => reader.started))
  // Further where the readers had too few turns on a core to see much.
  const enough = () => Atomics.load(stop, 1) > 1000
  for (let generation = 2; generation <= 1_000_000 || (!enough() && generation <= 50_000_000); generation++) {
    // A reader that was taken off its core inside its turn makes the writer give up; the loop retries at its next tick, this at once.
    let tries = 0
    while (publish(generation) !== generation) expect(++tries).toBeLessThan(1000)
    // A writer that never rests leaves readers nothing: they do not take the lock. Tuners publish 100 times a second at most.
    if (generation % 50 === 0) for (let i = 0; i < 500; i++) Atomics.load(stop, 0)
  }
  Atomics.store(stop, 0, 1)
  const results = await Promise.all(readers.map((reader) => reader.result))
  const different = results.map((result) => result.generations)
  for (const { snapshots, torn, back, failed, doubles } of results) {
    expect({ torn, back, failed, doubles }).toEqual({ torn: 0, back: 0, failed: 0, doubles: 0 })
    expect(snapshots).toBeGreaterThan(100)
  }
  // The readers did see the configuration change under them.
  expect(different.reduce((a, b) => a + b)).toBeGreaterThan(1000)
})

interface Seen {
  snapshots: number
  torn: number
  back: number
  failed: number
  doubles: number
  generations: number
}

function snapshotThread(memory: Memory, stop: Int32Array) {
  const source = `
    const { workerData, parentPort } = require('node:worker_threads')
    const CellReader = (${readerSource()})(${WORD_SEQUENCE})
    const { memory, stop, knobs } = workerData
    const reader = new CellReader(memory)
    const seen = { snapshots: 0, torn: 0, back: 0, failed: 0, doubles: 0, generations: 0 }
    let last = 0
    parentPort.postMessage('started')
    while (Atomics.load(stop, 0) === 0) {
      // A single read is a whole value of some configuration, never half of two.
      const single = memory.live[1] / 1.1
      if (Math.abs(single - Math.round(single)) > 1e-6) seen.doubles++
      if (!reader.read()) { seen.failed++; continue }
      const generation = reader.copy[0]
      seen.snapshots++
      if (generation < last) seen.back++
      if (generation !== last) { seen.generations++; Atomics.add(stop, 1, 1) }
      last = generation
      for (let i = 0; i < knobs; i++) if (reader.copy[1 + i] !== generation * 1.1 + i / 7) { seen.torn++; break }
    }
    parentPort.postMessage(seen)
  `
  const { words, live, halves, shape } = memory
  const worker = new Worker(source, {
    eval: true,
    workerData: { memory: { words, live, halves, shape }, stop, knobs: KNOBS },
  })
  const messages: [(value: unknown) => void, (value: unknown) => void] = [() => {}, () => {}]
  const started = new Promise((resolve) => {
    messages[0] = resolve
  })
  const result = new Promise<Seen>((resolve, reject) => {
    messages[1] = resolve as (value: unknown) => void
    worker.once('error', reject)
  })
  worker.on('message', (value) => messages[value === 'started' ? 0 : 1](value))
  return { started, result }
}

/** The class under test itself, as source text: vitest's threads cannot import TypeScript in a plain worker. */
function readerSource(): string {
  const text = `${CellReader};${pause}`.replace(/__vite_ssr_import_\d+__\.(WORD_SEQUENCE)/g, 'WORD_SEQUENCE')
  return `(WORD_SEQUENCE) => { const READ_SPINS = ${READ_SPINS}, WAITS = ${WAITS}; ${text}; return CellReader }`
}
