/**
 * A database that goes away while a tuner writes to it, and comes back: 2 s here, 60 s by `npm run soak`. The tuner's loop goes on,
 * nothing is lost below the bound, and above it the journal says exactly how much.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { homeostat, knob, replayJournal, signal, verifyJournal } from '../../ts/entries/node.js'
import { openPostgres, type Storage } from '../../ts/storage/node/index.js'
import { sleep, until } from '../support/folder.js'
import { cacheTuner, window } from '../support/tuners.js'
import { emptyDatabase, findPostgres, type Postgres, startPostgres } from './support/postgres.js'
import { noPostgres } from './support/stores.js'

const AWAY_MS = Number(process.env.HOMEOSTAT_SOAK_AWAY_S ?? 2) * 1000
const WINDOW_MS = 20

let server: Postgres
beforeAll(async () => {
  const found = findPostgres()
  if ('bin' in found) server = await startPostgres(found.bin)
})
afterAll(() => server?.remove())

async function withDatabase(work: (storage: Storage) => Promise<void>): Promise<void> {
  const storage = await openPostgres(await emptyDatabase(server.url('postgres')))
  try {
    await work(storage)
  } finally {
    await storage.close()
  }
}

/** Windows in the journal, and windows of which it says that they are not. */
async function counts(storage: Storage, name: string): Promise<{ windows: number; dropped: number }> {
  let [windows, dropped] = [0, 0]
  for (let from = 0; ; ) {
    const page = await storage.journals.entries(name, { from, events: ['window', 'gap'], limit: 1000 })
    for (const { event, line } of page) {
      if (event === 'window') windows++
      else dropped += JSON.parse(line).payload.dropped
    }
    if (page.length < 1000) return { windows, dropped }
    from = (page.at(-1)?.position ?? 0) + 1
  }
}

test('the loop goes on, and nothing is lost', { timeout: 240_000 + 2 * AWAY_MS }, async ({ skip }) => {
  if (noPostgres !== undefined) skip(noPostgres)
  await withDatabase(async (storage) => {
    const tuner = await homeostat({
      name: 'service',
      mode: 'auto',
      window: WINDOW_MS,
      knobs: { ttl: knob.duration({ min: '1s', max: '60s', initial: '15s', scale: 'log' }) },
      signals: { miss: signal.ratio() },
      minimize: (m) => m.miss,
      controlSignal: false,
      closeTimeout: '60s',
      storage,
    })
    const troubles: string[] = []
    tuner.on('trouble', ({ message }) => troubles.push(message))
    const traffic = setInterval(() => tuner.signals.miss(Math.random() < 0.3), 5)
    await until(() => tuner.journal.stats.written > 0)
    await server.crash()
    await until(() => tuner.journal.failure !== undefined)
    const before = tuner.counters()
    await sleep(AWAY_MS)
    // A loop that waited for the database would close no more.
    await until(() => tuner.counters().windows >= before.windows + (0.3 * AWAY_MS) / WINDOW_MS)
    expect(tuner.journal.failure).toBeDefined()
    await server.start()
    await until(() => tuner.journal.failure === undefined && tuner.journal.stats.written === tuner.journal.stats.taken)
    clearInterval(traffic)
    expect(troubles.join()).toMatch(/does not answer/)
    const explained = await tuner.explain()
    expect(explained.safe_mode?.reason).not.toBe('audit-queue-full')
    expect(explained.journal.dropped).toBe(0)
    await tuner.close()
    const { windows } = tuner.counters()
    expect(tuner.journal.stats).toMatchObject({ dropped: 0, written: tuner.journal.stats.taken })
    expect(await counts(storage, 'service')).toEqual({ windows, dropped: 0 })
    expect(await verifyJournal(storage.journals.read('service'))).toMatchObject({ ok: true, runs: 1 })
  })
})

test('above the bound the journal says exactly what is not in it', async ({ skip }) => {
  if (noPostgres !== undefined) skip(noPostgres)
  await withDatabase(async (storage) => {
    const { tuner, clock } = await cacheTuner({
      storage: { store: storage, maxPending: 65_536, batch: 0 },
      journalQueue: 64,
    })
    window(tuner, clock)
    await until(() => tuner.journal.stats.written === tuner.journal.stats.taken)
    await server.crash()
    for (let i = 0; i < 1500; i++) {
      window(tuner, clock)
      if (i % 100 === 0) await sleep(1)
    }
    const full = await tuner.explain()
    expect(full.safe_mode?.reason).toBe('audit-queue-full')
    expect(full.journal.dropped).toBeGreaterThan(100)
    await server.start()
    await until(() => tuner.journal.failure === undefined && tuner.journal.stats.written === tuner.journal.stats.taken)
    for (let i = 0; i < 30; i++) {
      window(tuner, clock)
      await sleep(5)
    }
    await tuner.close()
    const { windows, dropped } = await counts(storage, 'catalog')
    expect(dropped).toBeGreaterThanOrEqual(full.journal.dropped)
    expect(windows + dropped).toBe(tuner.counters().windows)
    expect(await verifyJournal(storage.journals.read('catalog'))).toMatchObject({ ok: true })
    expect(await replayJournal(storage.journals.read('catalog'))).toMatchObject({ ok: true })
  })
})
