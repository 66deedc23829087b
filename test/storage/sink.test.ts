/** A journal on its way into a store that fails, goes away, or belongs to another process by now. */
import { describe, expect, onTestFinished, test } from 'vitest'
import { protect, reflex } from '../../ts/entries/resilience/node.js'
import { server } from '../../ts/entries/server/node.js'
import type { Backend } from '../../ts/storage/backend.js'
import { chained, journal, textOf } from '../../ts/storage/conformance/support.js'
import { storageError } from '../../ts/storage/errors.js'
import { createStorage, memoryBackend } from '../../ts/storage/index.js'
import { memoryData } from '../../ts/storage/memory.js'
import { sleep, until } from '../support/folder.js'
import { generator } from '../support/random-operations.js'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const away = () => storageError('UNREACHABLE', 'the store', new Error('away'))

/** A store whose appends go through `append`. */
function failing(data = memoryData()) {
  const backend = memoryBackend(data)
  const state = {
    before: () => false,
    after: () => false,
    hang: undefined as Promise<void> | undefined,
    reading: async () => {},
  }
  const logs: Backend['logs'] = Object.assign(Object.create(backend.logs), {
    append: async (batch: Parameters<Backend['logs']['append']>[0]) => {
      await state.hang
      if (state.before()) throw away()
      const done = await backend.logs.append(batch)
      if (state.after()) throw away()
      return done
    },
    ...inherited(backend.logs),
    entries: async (...all: Parameters<Backend['logs']['entries']>) => {
      await state.reading()
      return backend.logs.entries(...all)
    },
  })
  return { storage: createStorage({ ...backend, logs }, { leaseMs: 400 }), state }
}

test.each([1, 2, 3, 4])(
  'appends that fail before and after they are kept add each line once: seed %i',
  async (seed) => {
    const random = generator(seed)
    const { storage, state } = failing()
    state.before = () => random() < 0.12
    state.after = () => random() < 0.12
    const sink = await storage.openJournal('tuner', { batch: 1 })
    const { text } = await journal(200)
    const lines = text.split(/(?<=\n)/)
    for (let at = 0; at < lines.length; ) {
      const count = 1 + Math.floor(random() * 9)
      sink.write(bytes(lines.slice(at, at + count).join('')))
      at += count
      if (random() < 0.5) await sleep(1)
    }
    await until(() => sink.stats.written === sink.stats.taken)
    await sink.close(60_000)
    expect(await textOf(storage.journals.read('tuner'))).toBe(text)
    expect(sink.stats.failures).toBeGreaterThan(0)
    expect(sink.stats).toMatchObject({ dropped: 0, written: bytes(text).length })
    expect(sink.failure).toBeUndefined()
  },
)

test('what waits is bounded, and kept when the store is back', async () => {
  const { storage, state } = failing()
  const sink = await storage.openJournal('tuner', { batch: 0, maxPending: 65_536 })
  state.before = () => true
  const { text } = await journal(1000)
  const lines = text.split(/(?<=\n)/)
  let given = 0
  while (sink.room() > 0) sink.write(bytes(lines[given++] ?? ''))
  await until(() => sink.failure !== undefined)
  expect(sink.failure).toMatchObject({ code: 'HOMEOSTAT_STORAGE_UNREACHABLE' })
  expect(sink.stats.taken).toBeGreaterThanOrEqual(65_536)
  expect(sink.stats.taken).toBeLessThan(65_536 + 400)
  state.before = () => false
  await until(() => sink.stats.written === sink.stats.taken)
  expect(sink.room()).toBe(65_536)
  await sink.close(60_000)
  expect(await textOf(storage.journals.read('tuner'))).toBe(lines.slice(0, given).join(''))
})

test('a large backlog goes in pieces of whole lines', async () => {
  const { storage } = failing()
  const sink = await storage.openJournal('tuner', { batch: 1000 })
  const { text } = await journal(5000)
  sink.write(bytes(text))
  await sink.close(60_000)
  expect(await storage.journals.verify('tuner')).toEqual({ ok: true, entries: 5000 })
  expect(sink.stats.dropped).toBe(0)
})

describe('journals of other scopes', () => {
  test('operations are kept in a store, which has no state of a tuner from them', async () => {
    const { storage } = failing()
    const sink = await storage.openJournal('operations', { batch: 0 })
    const operations = await server({ journal: sink })
    await until(() => sink.stats.written === sink.stats.taken)
    await operations.close()
    expect(sink.failure).toBeUndefined()
    expect(await storage.journals.verify('operations')).toEqual({ ok: true, entries: 1 })
    expect(await storage.tuners.list()).toEqual([])
  })

  test('so is what a reflex did', async () => {
    const { storage } = failing()
    const sink = await storage.openJournal('calls', { batch: 0 })
    const one = reflex({ journal: sink })
    onTestFinished(() => one.close())
    const call = protect(
      'database',
      async () => {
        throw new Error('away')
      },
      { reflex: one },
    )
    for (let i = 0; i < 40; i++) await call().catch(() => {})
    await one.close()
    expect([sink.failure, sink.stats.dropped]).toEqual([undefined, 0])
    const { ok, entries } = await storage.journals.verify('calls')
    expect([ok, entries > 1]).toEqual([true, true])
    expect(await storage.tuners.list()).toEqual([])
  })

  test.each([
    { event: 'start', payload: { knobs: [null] } },
    { event: 'start', payload: { knobs: 'none' } },
    { event: 'start', payload: null },
    { event: 'start' },
    { event: 'apply', payload: {} },
  ])('what is no tuner’s begins no state: %j', async (entry) => {
    const { storage } = failing()
    const sink = await storage.openJournal('odd', { batch: 0 })
    sink.write(bytes((await chained([entry])).text))
    await until(() => sink.stats.written === sink.stats.taken)
    expect([sink.failure, await storage.tuners.list()]).toEqual([undefined, []])
    await sink.close(60_000)
  })
})

test('bytes that are none are a failure that is said, and tried again with a pause', async () => {
  const { storage } = failing()
  const sink = await storage.openJournal('tuner', { batch: 0 })
  sink.write({ length: 3 } as Uint8Array)
  // A loop without a pause would never come back to this.
  await until(() => sink.failure !== undefined)
  expect(sink.failure).toMatchObject({ code: 'HOMEOSTAT_STORAGE_IO' })
  const start = performance.now()
  await sleep(100)
  // As many as the pauses of 2 s leave room for.
  expect(sink.stats.failures).toBeLessThanOrEqual(1 + Math.floor((performance.now() - start + 100) / 2000))
  await sink.close(100)
  expect(sink.stats.dropped).toBe(3)
})

test('close gives up in time on a store that stays away, and counts what is lost', async () => {
  for (const hang of [undefined, new Promise<void>(() => {})]) {
    const { storage, state } = failing()
    const sink = await storage.openJournal('tuner', { batch: 0 })
    if (hang === undefined) state.before = () => true
    else state.hang = hang
    sink.write(bytes((await journal(2)).text))
    const start = performance.now()
    await sink.close(200)
    expect(performance.now() - start).toBeLessThan(50_000)
    expect(sink.stats).toMatchObject({ written: 0, dropped: sink.stats.taken })
  }
})

test('old entries go, as many as were asked for', async () => {
  const { storage } = failing()
  const sink = await storage.openJournal('tuner', { batch: 0, keep: 1000 })
  const { text } = await journal(7000)
  sink.write(bytes(text))
  await until(() => sink.stats.written === sink.stats.taken)
  await sink.close(60_000)
  const info = await storage.journals.info('tuner')
  expect(info?.next).toBe(7000)
  expect(info?.first).toBeGreaterThan(3500)
  expect([sink.stats.pruned, sink.stats.dropped]).toEqual([bytes(text).length - (info?.bytes ?? 0), 0])
  expect((await storage.journals.verify('tuner')).ok).toBe(true)
})

test('what is to be kept was made much less: each append waits for one step at most', async () => {
  const data = memoryData()
  const head = { key: 'journal/tuner', epoch: 1, beat: 0, holder: null, first: 0, next: 1e7, bytes: 0 }
  data.logs.set(head.key, { head: { ...head, hash: null, event: null }, rows: [] })
  const backend = memoryBackend(data)
  const done: string[] = []
  const logs: Backend['logs'] = Object.assign(Object.create(backend.logs), {
    ...inherited(backend.logs),
    append: (batch: Parameters<Backend['logs']['append']>[0]) => {
      done.push('append')
      return backend.logs.append(batch)
    },
    trim: async (...all: Parameters<Backend['logs']['trim']>) => {
      const { first } = await backend.logs.trim(...all)
      done.push(`to ${first}`)
      return { entries: 2000, bytes: 300_000, first }
    },
  })
  const sink = await createStorage({ ...backend, logs }).openJournal('tuner', { batch: 0, keep: 1000 })
  const { text } = await journal(3)
  for (const line of text.split(/(?<=\n)/)) {
    sink.write(bytes(line))
    await until(() => sink.stats.written === sink.stats.taken)
  }
  await sink.close(60_000)
  expect(done).toEqual(['append', 'to 2000', 'append', 'to 4000', 'append', 'to 6000'])
  expect([sink.stats.pruned, sink.stats.dropped]).toEqual([900_000, 0])
})

test('a store that closes while a log is opened gives it back', async () => {
  const data = memoryData()
  const backend = memoryBackend(data)
  let [asked, claim] = [false, (): void => {}]
  const claiming = new Promise<void>((resolve) => {
    claim = resolve
  })
  const logs: Backend['logs'] = Object.assign(Object.create(backend.logs), {
    ...inherited(backend.logs),
    claim: async (...all: Parameters<Backend['logs']['claim']>) => {
      asked = true
      await claiming
      return backend.logs.claim(...all)
    },
  })
  const storage = createStorage({ ...backend, logs })
  const opening = storage.journals.open('tuner')
  await until(() => asked)
  const closing = storage.close()
  claim()
  await expect(opening).rejects.toMatchObject({ code: 'HOMEOSTAT_CLOSED' })
  await closing
  expect(data.logs.get('journal/tuner')?.head.holder).toBeNull()
})

test('a log is sound while its writer trims it', async () => {
  for (const keep of [500, 0]) {
    const { storage, state } = failing()
    const writer = await storage.journals.open('tuner')
    await writer.append((await journal(3000)).text)
    // After the verification has seen where the log begins, and after its first page.
    for (const pages of [0, 1]) {
      let read = 0
      let trimmed = false
      state.reading = async () => {
        if (trimmed || read++ < pages) return
        trimmed = true
        await writer.trim(keep + 1000 * (1 - pages))
      }
      expect(await storage.journals.verify('tuner')).toMatchObject({ ok: true })
    }
  }
})

/** What a wrapper of a table hands on. */
function inherited(logs: Backend['logs']): Partial<Backend['logs']> {
  return {
    head: (...all) => logs.head(...all),
    claim: (...all) => logs.claim(...all),
    beat: (...all) => logs.beat(...all),
    release: (...all) => logs.release(...all),
    entries: (...all) => logs.entries(...all),
    trim: (...all) => logs.trim(...all),
  }
}

describe('another process', () => {
  const holder = (id: string, alive: boolean | undefined) => ({ holder: { id, pid: 1 }, isAlive: () => alive })

  test('that is seen to live keeps its log; one that is seen to be gone is replaced at once, and can add nothing', async () => {
    const data = memoryData()
    const first = createStorage(memoryBackend(data), { self: holder('first', true) })
    const polite = createStorage(memoryBackend(data), { self: holder('polite', true) })
    const heir = createStorage(memoryBackend(data), { self: holder('heir', false) })
    const sink = await first.openJournal('tuner', { batch: 0 })
    const { text, hash } = await journal(3)
    sink.write(bytes(text))
    await until(() => sink.stats.written === sink.stats.taken)
    await expect(polite.journals.open('tuner')).rejects.toMatchObject({ code: 'HOMEOSTAT_STORAGE_LOCKED' })
    const writer = await heir.journals.open('tuner')
    const late = await journal(2, hash)
    sink.write(bytes(late.text))
    await until(() => sink.failure !== undefined)
    expect(sink.failure).toMatchObject({ code: 'HOMEOSTAT_STORAGE_FENCED' })
    expect([sink.room(), sink.stats.dropped]).toEqual([0, bytes(late.text).length])
    await writer.append(late.text)
    await sink.close(100)
    // The old writer's end took nothing from the new one.
    await writer.append((await journal(1, late.hash)).text)
    expect(await heir.journals.verify('tuner')).toEqual({ ok: true, entries: 6 })
  })

  test('that cannot be seen counts as gone when it gave no sign for the lease, and not before', async () => {
    const data = memoryData()
    const first = createStorage(memoryBackend(data), { self: holder('first', undefined), leaseMs: 1e6 })
    const heir = createStorage(memoryBackend(data), { self: holder('heir', undefined), leaseMs: 1500 })
    const writer = await first.journals.open('a')
    const { text, hash } = await journal(1)
    await writer.append(text)
    const next = await journal(1, hash)
    const opening = heir.journals.open('a')
    await sleep(100)
    await writer.append(next.text)
    await expect(opening).rejects.toMatchObject({ code: 'HOMEOSTAT_STORAGE_LOCKED' })
    const start = performance.now()
    await heir.journals.open('a')
    expect(performance.now() - start).toBeGreaterThan(1400)
    await expect(writer.append(text)).rejects.toMatchObject({ code: 'HOMEOSTAT_STORAGE_FENCED' })
  })
})
