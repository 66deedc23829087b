/** A server of a live tuner shows what was before it was made: this run until then, and the runs before, out of the tuner's journal. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { server } from '../../ts/entries/server/node.js'
import type { Change } from '../../ts/server/api/state.js'
import { type Bounds, entryOf, type Feed, isBulk, type Run } from '../../ts/server/journal/feed.js'
import { memoryFeed } from '../../ts/server/journal/memory-feed.js'
import { RunClock } from '../../ts/server/journal/run-clock.js'
import { storeFeed } from '../../ts/server/journal/store-feed.js'
import { readPast } from '../../ts/server/live/past.js'
import { LiveTuner } from '../../ts/server/live/tuner.js'
import { fileFeed } from '../../ts/server/node/file-feed.js'
import type { LogQuery } from '../../ts/storage/contract.js'
import { memoryStorage } from '../../ts/storage/memory.js'
import type { JournalEntry } from '../../ts/tuner/events.js'
import { folder } from '../support/folder.js'
import { cacheTuner, window } from '../support/tuners.js'

afterEach(() => {
  vi.useRealTimers()
})

async function shown(tuner: Awaited<ReturnType<typeof cacheTuner>>['tuner']) {
  const operations = await server({ tuners: [tuner], loopback: 'operate' })
  onTestFinished(() => operations.close())
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  const get = async (at: string): Promise<any> => {
    const request = new Request(`http://127.0.0.1/api/v1/${at}`)
    return (await operations.fetch(request, { peer: '127.0.0.1' })).json()
  }
  return { operations, get }
}

/** A run that was, with what a person did in it; then one that is, which a server comes to late. */
async function afterRestart(more: object) {
  const before = await cacheTuner({ ...more, runId: 'yesterday' })
  for (let i = 0; i < 30; i++) window(before.tuner, before.clock)
  before.tuner.freeze('ttl')
  for (let i = 0; i < 10; i++) window(before.tuner, before.clock)
  await before.tuner.close()
  const now = await cacheTuner({ ...more, runId: 'today' })
  onTestFinished(() => now.tuner.close())
  for (let i = 0; i < 20; i++) window(now.tuner, now.clock)
  now.tuner.freeze('concurrency')
  return now
}

describe.each([
  ['a folder', () => ({ journal: { folder: folder(), maxBytes: 65_536 } })],
  ['a store', () => ({ storage: { store: memoryStorage(), resume: false, batch: 0 } })],
] as const)('in %s', (_, keep) => {
  test('the runs before and what this one did before the server', async () => {
    const { tuner, clock } = await afterRestart(keep())
    const { get } = await shown(tuner)
    // An answer waits for the medium for a while only.
    await expect.poll(async () => (await get('tuners/catalog/series')).points).toBe(60)
    const { changes } = (await get('tuners/catalog/changes?limit=1000')) as { changes: Change[] }
    const told = changes.map(({ runId, type, evidence }) => [runId, type, (evidence as { knob?: string }).knob])
    expect(told.filter(([, type]) => type === 'frozen')).toEqual([
      ['today', 'frozen', 'concurrency'],
      ['yesterday', 'frozen', 'ttl'],
    ])
    expect(told.filter(([, type]) => type === 'started')).toEqual([
      ['today', 'started', undefined],
      ['yesterday', 'started', undefined],
    ])
    // Nothing of before stands as if it were live.
    const live = changes.filter(({ standing }) => standing === 'live')
    expect(live.every(({ runId }) => runId === 'today')).toBe(true)
    // One after the other, and the run that is at its own time.
    const times = changes.map(({ atMs }) => atMs)
    expect(times).toEqual([...times].sort((a, b) => b - a))
    // The mean is of this run alone.
    const { objective, validWindows } = await get('tuners/catalog')
    expect(validWindows).toBeGreaterThan(0)
    expect(objective.windows).toBe(validWindows)

    // From then on it is followed.
    for (let i = 0; i < 5; i++) window(tuner, clock)
    tuner.unfreeze('concurrency')
    const { points, series } = await get('tuners/catalog/history?series=knob.ttl')
    expect(points).toBe(65)
    const known = (await tuner.explain()).knobs.find(({ name }) => name === 'ttl')
    expect(series['knob.ttl'].mean.at(-1)).toBeCloseTo(known?.value as number, 0)
    expect((await get('tuners/catalog/changes?limit=1')).changes[0]).toMatchObject({ runId: 'today', type: 'unfrozen' })
  })
})

test('in memory: this run from its start', async () => {
  const { tuner, clock } = await cacheTuner()
  onTestFinished(() => tuner.close())
  for (let i = 0; i < 12; i++) window(tuner, clock)
  const { get } = await shown(tuner)
  expect((await get('tuners/catalog/series')).points).toBe(12)
  const { changes } = await get('tuners/catalog/changes?limit=1000')
  expect(changes.at(-1)).toMatchObject({ type: 'started', seq: 0 })
})

test('what happens while it is read is there once, and told once', async () => {
  const { tuner, clock } = await cacheTuner()
  onTestFinished(() => tuner.close())
  for (let i = 0; i < 12; i++) window(tuner, clock)
  const whole = memoryFeed('catalog', () => tuner.journal.read?.() as Uint8Array)
  let read = () => {}
  const reads = new Promise<void>((resolve) => {
    read = resolve
  })
  let go = () => {}
  const gate = new Promise<void>((resolve) => {
    go = resolve
  })
  const feed: Feed = {
    ...whole,
    reader: (take, bounds) => {
      const inner = whole.reader(take, bounds)
      return {
        bad: 0,
        read: async () => {
          await inner.read()
          read()
          await gate
        },
      }
    },
  }
  const told: Change[] = []
  const listener = { changed: (change: Change) => void told.push(change) }
  const live = new LiveTuner(tuner, { points: 4096, listener, history: undefined, feed })
  const asked = live.changes({ limit: 1000 })
  await reads
  tuner.freeze('ttl')
  for (let i = 0; i < 3; i++) window(tuner, clock)
  go()
  const changes = await asked
  expect(changes.filter(({ type }) => type === 'frozen')).toHaveLength(1)
  expect(told.filter(({ type }) => type === 'frozen')).toHaveLength(1)
  expect(told.some(({ type }) => type === 'started')).toBe(false)
  expect((await live.history.list()).points).toBe(15)
  tuner.unfreeze('ttl')
  expect(told.filter(({ type }) => type === 'unfrozen')).toHaveLength(1)
  live.close()
})

test('a medium that is behind, or away: what was seen is shown', async () => {
  const { tuner, clock } = await cacheTuner()
  onTestFinished(() => tuner.close())
  window(tuner, clock)
  vi.useFakeTimers()
  const feed = memoryFeed('catalog', () => tuner.journal.read?.() as Uint8Array)
  const parts = { name: 'catalog', knobs: [], runId: 'test-run', feed, points: 4096, originMs: 0, tell: () => {} }
  const behind = readPast({ ...parts, stats: { taken: 10, written: 9, dropped: 0 } })
  await vi.advanceTimersByTimeAsync(60_000)
  expect(await behind).toBeUndefined()
  expect(await readPast({ ...parts, runId: 'another', stats: tuner.journal.stats })).toBeUndefined()
  const away: Feed = { ...feed, runs: () => Promise.reject(new Error('away')) }
  const live = new LiveTuner(tuner, {
    points: 4096,
    listener: { changed: () => {} },
    history: undefined,
    feed: away,
  })
  tuner.freeze('ttl')
  expect((await live.changes({ limit: 10, types: ['frozen', 'started'] })).map(({ type }) => type)).toEqual(['frozen'])
  live.close()
})

function journal(count: number): JournalEntry[] {
  return Array.from({ length: count }, (_, seq) => ({
    seq,
    event: seq === 0 ? 'start' : seq % 10 === 3 ? 'apply' : seq % 10 === 7 ? 'shadow' : 'window',
    time_us: seq * 250_000,
    run_id: 'run',
    proposal_id: null,
    generation: 1,
    payload: {
      ...(seq % 10 === 3 && { kind: seq % 20 === 3 ? 'probe' : 'move' }),
      note: '"event":"window","payload":{"kind":"probe"}',
      ...(seq === 0 && { knobs: [] }),
    },
    hash: seq.toString(16).padStart(64, '0'),
  }))
}

describe('of a long journal', () => {
  const entries = journal(1000)
  const lines = entries.map((entry) => `${JSON.stringify(entry)}\n`)
  const decided = (entry: JournalEntry) => !isBulk(entry)

  async function readWithin(feed: Feed, bounds: Bounds) {
    const taken: JournalEntry[] = []
    const reader = feed.reader((entry) => taken.push(entry), bounds)
    await reader.read()
    await reader.read()
    expect(reader.bad).toBe(0)
    return taken
  }

  test.each([
    [0, 0],
    [0, 30_000],
    [10_000, 30_000],
    [30_000, 30_000],
    [50_001, 90_003],
    [1e9, 1e9],
  ])('segments: all of the newest %i bytes, decisions of %i', async (wholeBytes, bytes) => {
    const at = folder()
    const files = [0, 400, 401, 900].map((from, i, all) => {
      const file = join(at, `catalog-${i + 1}.jsonl`)
      writeFileSync(file, lines.slice(from, all[i + 1]).join(''))
      return file
    })
    const feed = fileFeed({ title: 'catalog', files: async () => files, startFile: undefined })
    let left = lines.reduce((sum, line) => sum + line.length, 0)
    const expected = entries.filter((entry, i) => {
      const begins = left
      left -= (lines[i] as string).length
      return begins <= bytes && (decided(entry) || begins <= wholeBytes)
    })
    expect(await readWithin(feed, { wholeBytes, bytes })).toStrictEqual(expected)
  })

  test('a store: about so much', async () => {
    const store = memoryStorage()
    const { tuner, clock } = await cacheTuner({ storage: { store, batch: 0 } })
    for (let i = 0; i < 300; i++) window(tuner, clock)
    tuner.freeze()
    await tuner.close()
    const feed = storeFeed(store, 'catalog')
    const all = await readWithin(feed, { wholeBytes: 1e9, bytes: 1e9 })
    const { bytes = 0, next = 0 } = (await store.journals.info('catalog')) ?? {}
    expect(all).toHaveLength(next)
    const part = await readWithin(feed, { wholeBytes: bytes / 4, bytes: bytes / 2 })
    const [from, whole] = [next - Math.floor(next / 2), next - Math.floor(next / 4)]
    expect(part).toEqual(all.filter((entry, i) => i >= whole || (i >= from && decided(entry))))
    await store.close()
  })

  test('a store: so many places at once, whatever is there, and the event loop has its turn in between', async () => {
    const many = journal(6000)
    const rows = many.map((entry, position) => ({ position, event: entry.event, line: JSON.stringify(entry) }))
    const all = rows.reduce((sum, { line }) => sum + line.length + 1, 0)
    const asked: { readonly query: LogQuery; readonly turns: number }[] = []
    let turns = 0
    const count = (): void => {
      turns++
      immediate = setImmediate(count)
    }
    let immediate = setImmediate(count)
    onTestFinished(() => clearImmediate(immediate))
    const journals = {
      info: async () => ({ first: 0, next: rows.length, bytes: all }),
      entries: async (_: string, query: LogQuery) => {
        asked.push({ query, turns })
        const { from = 0, before = rows.length, events, limit = 1000, newestFirst = false } = query
        const found = rows.slice(from, before).filter(({ event }) => events?.includes(event) ?? true)
        return (newestFirst ? found.reverse() : found).slice(0, limit)
      },
    }
    const feed = storeFeed({ journals } as never, 'catalog')
    const taken = await readWithin(feed, { wholeBytes: all / 6, bytes: all / 1.2 })
    expect(taken).toEqual(many.filter((entry, i) => i >= 5000 || (i >= 1000 && decided(entry))))
    const sparse = asked.filter(({ query }) => query.events !== undefined)
    expect(sparse.map(({ query: { from = 0, before = 0 } }) => before - from)).toEqual(Array(8).fill(500))
    expect(asked.every(({ query: { events, limit = 1000 } }) => events !== undefined || limit <= 250)).toBe(true)
    // The last question is that of the second `read`.
    for (const [i, one] of asked.slice(1, -1).entries()) expect(one.turns).toBeGreaterThan(asked[i]?.turns ?? -1)
    // The run's beginning lies before the bounds: it is known from where they begin.
    expect(await feed.runs({ wholeBytes: 0, bytes: all / 1.2 })).toEqual([
      { first: many[1000], lastUs: many.at(-1)?.time_us },
    ])
    expect(await feed.runs()).toEqual([{ first: many[0], lastUs: many.at(-1)?.time_us }])
  })

  test('memory: what is new since, or everything where what was read last is gone', async () => {
    const text = (from: number, to: number): Uint8Array => new TextEncoder().encode(lines.slice(from, to).join(''))
    let held = text(0, 600)
    const taken: number[] = []
    const reader = memoryFeed('catalog', () => held).reader(({ seq }) => taken.push(seq))
    for (const [from, to] of [
      [0, 600],
      [100, 700],
      [100, 700],
      [699, 720],
      [800, 1000],
    ]) {
      held = text(from as number, to as number)
      await reader.read()
    }
    expect(taken).toEqual(entries.map(({ seq }) => seq).filter((seq) => seq < 720 || seq >= 800))
  })

  test('memory: runs of the newest bytes, and the event loop has its turn while they are looked for', async () => {
    const again = entries.map((entry) => ({ ...entry, run_id: 'next', hash: `f${entry.hash.slice(1)}` }))
    const both = [...entries, ...again].map((entry) => `${JSON.stringify(entry)}\n`)
    const held = new TextEncoder().encode(both.join(''))
    const feed = memoryFeed('catalog', () => held)
    const lastUs = entries.at(-1)?.time_us
    let turned = false
    const immediate = setImmediate(() => {
      turned = true
    })
    expect(await feed.runs()).toEqual([
      { first: entries[0], lastUs },
      { first: again[0], lastUs },
    ])
    clearImmediate(immediate)
    expect(turned).toBe(true)
    const newest = (count: number): number => both.slice(-count).reduce((sum, line) => sum + line.length, 0)
    const within = (wholeBytes: number) => feed.runs({ wholeBytes, bytes: 1e9 })
    expect(await within(newest(300))).toEqual([{ first: again[700], lastUs }])
    expect(await within(newest(300) - 1)).toEqual([{ first: again[701], lastUs }])
    expect(await within(newest(1000))).toEqual([{ first: again[0], lastUs }])
    expect(await within(newest(1001))).toEqual([
      { first: entries[999], lastUs },
      { first: again[0], lastUs },
    ])
    expect(await within(5)).toEqual([])
  })

  test('memory: whole lines of the newest bytes', async () => {
    const feed = memoryFeed('catalog', () => new TextEncoder().encode(lines.join('')))
    const most = (lines.at(-1) as string).length * 3 + 5
    expect((await readWithin(feed, { wholeBytes: most, bytes: 1e9 })).map(({ seq }) => seq)).toEqual([997, 998, 999])
    expect(await readWithin(feed, { wholeBytes: 1e9, bytes: 1e9 })).toEqual(lines.map(entryOf))
  })
})

test('runs follow one another, whichever is known', () => {
  const begin = (hash: string, runId: string, timeUs: number) =>
    ({ event: 'start', hash, run_id: runId, time_us: timeUs }) as JournalEntry
  const runs: Run[] = [
    { first: begin('a', 'one', 1e6), lastUs: 5e6 },
    { first: begin('b', 'same', 0), lastUs: 2e6 },
    { first: begin('c', 'same', 7e6), lastUs: 8e6 },
  ]
  for (const anchor of [
    { run: 2, originMs: 100_000 - 7000 },
    { run: 1, originMs: 98_000 },
    { run: 0, originMs: 98_000 - 5000 },
  ]) {
    const clock = new RunClock(runs, anchor)
    for (const { first, lastUs } of runs) {
      clock.take(first)
      clock.take({ ...first, event: 'window', time_us: lastUs })
    }
    expect(clock.atMs(8e6)).toBe(101_000)
    // One that began since goes on from there.
    clock.take(begin('d', 'next', 3e6))
    expect(clock.atMs(4e6)).toBe(102_000)
    const middle = new RunClock(runs, anchor)
    middle.take({ ...begin('x', 'same', 1e6), event: 'apply' })
    expect(middle.atMs(1e6)).toBe(99_000)
    middle.take((runs[2] as Run).first)
    expect(middle.atMs(7e6)).toBe(100_000)
  }
})
