/** What a journal lets go of goes to artifacts first: nothing of it is ever nowhere, and the whole of it can be checked. */
import { rmSync } from 'node:fs'
import { afterAll, expect, onTestFinished, test, vi } from 'vitest'
import { verifyJournal } from '../../ts/entries/node.js'
import { HomeostatError } from '../../ts/errors.js'
import { type JournalSink, MemorySink } from '../../ts/journal/sink.js'
import { MemoryArtifacts } from '../../ts/storage/artifacts.js'
import { journal, textOf } from '../../ts/storage/conformance/support.js'
import { Archive, readWhole } from '../../ts/storage/log/archive.js'
import { LogSink } from '../../ts/storage/log/sink.js'
import type { Writer } from '../../ts/storage/log/writer.js'
import { type ArtifactStore, openFileArtifacts, type Storage } from '../../ts/storage/node/index.js'
import { fakeClock } from '../../ts/testing/index.js'
import { sleep, until } from '../support/folder.js'
import { cacheTuner, window } from '../support/tuners.js'
import { SUBJECTS, temporary } from './support/stores.js'

const ENTRIES = 8000
const { text } = await journal(ENTRIES)
const folder = temporary()
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function opened(kind: keyof typeof SUBJECTS): Promise<Storage> {
  const subject = await SUBJECTS[kind]()
  const storage = await subject.open()
  onTestFinished(async () => {
    await storage.close()
    subject.remove()
  })
  return storage
}

const LINES = text.split(/(?<=\n)/)

/** Writes lines one batch after the other, each kept before the next. */
async function write(storage: Storage, archive: ArtifactStore, lines = LINES) {
  const sink = await storage.openJournal('tuner', { batch: 0, keep: 1000, archive })
  for (let at = 0; at < lines.length; at += 500) {
    const { pruned = 0 } = sink.stats
    sink.write(new TextEncoder().encode(lines.slice(at, at + 500).join('')))
    await until(() => sink.stats.written === sink.stats.taken)
    // From 5000 beyond what is to be kept on, there is a step with each of these, unless one failed: there is a pause then.
    if (at + 500 > 6000) await until(() => (sink.stats.pruned ?? 0) > pruned || sink.stats.failures > 0)
  }
  await sink.close(60_000)
  return sink.stats
}

test.each([
  ['memory', () => new MemoryArtifacts()],
  ['sqlite', () => openFileArtifacts(folder)],
] as const)('%s: the whole of it, from both', async (kind, artifacts) => {
  const storage = await opened(kind)
  const archive = await artifacts()
  const stats = await write(storage, archive)
  const info = await storage.journals.info('tuner')
  expect(info?.first).toBe(7000)
  expect([stats.dropped, stats.failures]).toEqual([0, 0])
  const pieces = await storage.archives.list({ scope: 'tuner' })
  expect(pieces.map(({ id }) => placesOf(id)[0])).toEqual([0, ...pieces.slice(0, -1).map(({ value }) => value.next)])
  expect(pieces.at(-1)?.value.next).toBe(info?.first)
  expect(await textOf(storage.readArchived('tuner', archive))).toBe(text)
  // One that is gone is told of.
  await archive.remove(pieces[1]?.value.digest as string)
  await expect(textOf(storage.readArchived('tuner', archive))).rejects.toMatchObject({
    code: 'HOMEOSTAT_STORAGE_CORRUPT',
  })
})

test('a process that ends between archiving and removing leaves it in both; the next one archives it again', async () => {
  const storage = await opened('memory')
  const archive = new MemoryArtifacts()
  await write(storage, archive)
  // As if it had ended there: less was removed than was archived, and in another cut.
  const [piece] = await storage.archives.list({ scope: 'tuner' })
  const later = (piece?.value.next ?? 0) + 500
  await storage.archives.put('tuner', String(later - 700).padStart(16, '0'), {
    next: later,
    digest: await archive.put(await zipped(LINES.slice(later - 700, later).join(''))),
  })
  expect(await textOf(storage.readArchived('tuner', archive))).toBe(text)
})

test('while the archive is away everything stays; a journal that lost entries without one is read from where it begins', async () => {
  const storage = await opened('memory')
  const archive = new MemoryArtifacts()
  archive.put = () => Promise.reject(new Error('away'))
  const stats = await write(storage, archive)
  expect(stats.failures).toBeGreaterThan(0)
  expect([stats.dropped, stats.pruned]).toEqual([0, 0])
  expect(await storage.journals.info('tuner')).toMatchObject({ first: 0, next: ENTRIES })
  expect(await textOf(storage.readArchived('tuner', archive))).toBe(text)
  await storage.journals.trim('tuner', 100)
  expect(await textOf(storage.readArchived('tuner', archive))).toBe(LINES.slice(-100).join(''))
})

test('while the archive is away it is asked ever less, up to once a minute, and that is said once; so is that it is back', async () => {
  const storage = await opened('memory')
  const artifacts = new MemoryArtifacts()
  let away = true
  const put = artifacts.put.bind(artifacts)
  artifacts.put = (bytes) => {
    return away ? Promise.reject(new HomeostatError('HOMEOSTAT_STORAGE_UNREACHABLE', 'away')) : put(bytes)
  }
  const clock = fakeClock(0)
  const writer = (await storage.journals.open('tuner')) as Writer
  const attempts = vi.spyOn(writer, 'oldest')
  const sink = new LogSink(writer, {
    ...{ batchMs: 0, maxPending: 2 ** 22, keep: 1000, scope: 'tuner', id: 'tuner', clock },
    ...{ keepStart: async () => {}, kept: { store: storage, log: 'tuner' } },
    archive: new Archive(storage.archives, artifacts, 'tuner'),
  })
  let at = 0
  const add = async (count: number): Promise<void> => {
    sink.write(new TextEncoder().encode(LINES.slice(at, at + count).join('')))
    at += count
    await until(() => sink.stats.written === sink.stats.taken)
  }
  await add(6500)
  await until(() => sink.stats.failures === 1)
  const notices = new Set([sink.notice])
  for (const [i, seconds] of [1, 2, 4, 8, 16, 32, 60, 60].entries()) {
    clock.advance(1000 * seconds - 1)
    await add(10)
    clock.advance(1)
    expect(attempts).toHaveBeenCalledTimes(1 + i)
    await add(10)
    expect(attempts).toHaveBeenCalledTimes(2 + i)
    await until(() => sink.stats.failures === 2 + i)
    notices.add(sink.notice)
  }
  expect([...notices]).toMatchObject([{ code: 'HOMEOSTAT_STORAGE_UNREACHABLE' }])
  expect([sink.failure, sink.stats.pruned]).toEqual([undefined, 0])
  away = false
  clock.advance(60_000)
  await add(10)
  await until(() => (sink.stats.pruned ?? 0) > 0)
  expect(sink.notice?.message).toBe('the journal tuner is archived again')
  const { pruned = 0 } = sink.stats
  // Without a pause again.
  await add(10)
  await until(() => (sink.stats.pruned ?? 0) > pruned)
  await sink.close(60_000)
  expect(await textOf(storage.readArchived('tuner', artifacts))).toBe(LINES.slice(0, at).join(''))
})

test('a tuner says that its archive is away, and that it is back', async () => {
  const sink: MemorySink & { notice?: JournalSink['notice'] } = new MemorySink(2 ** 20)
  const { tuner } = await cacheTuner({ journal: sink })
  const troubles: string[] = []
  tuner.on('trouble', ({ code, message }) => troubles.push(`${code} ${message}`))
  for (const message of ['away', 'away', 'back']) {
    sink.notice = { code: 'HOMEOSTAT_STORAGE_IO', message }
    tuner.tick()
    tuner.tick()
  }
  await tuner.close()
  expect(troubles).toEqual(['HOMEOSTAT_STORAGE_IO away', 'HOMEOSTAT_STORAGE_IO away', 'HOMEOSTAT_STORAGE_IO back'])
})

test('an archive that never answers takes a part of the time of a close; the next writer archives what it did not', async () => {
  const storage = await opened('memory')
  const hanging = new MemoryArtifacts()
  let asked = 0
  let answer: () => void = () => {}
  const answered = new Promise<void>((resolve) => {
    answer = resolve
  })
  const put = hanging.put.bind(hanging)
  hanging.put = async (bytes) => {
    asked++
    await answered
    return put(bytes)
  }
  const first = await storage.openJournal('tuner', { batch: 0, keep: 1000, archive: hanging })
  first.write(new TextEncoder().encode(LINES.slice(0, 6500).join('')))
  await until(() => asked === 1)
  // Which of two timers is first does not depend on how fast anything is: a quarter of the one, three quarters of it.
  const ended: string[] = []
  const closing = first.close(2000).then(() => ended.push('close'))
  const time = sleep(1500).then(() => ended.push('time'))
  await Promise.all([closing, time])
  expect(ended).toEqual(['close', 'time'])
  expect(first.stats).toMatchObject({ dropped: 0, pruned: 0 })

  const archive = new MemoryArtifacts()
  await write(storage, archive, LINES.slice(6500))
  // Too late: it keeps nothing in the index that the next writer has not kept.
  answer()
  await until(() => first.stats.failures > 0)
  const pieces = await storage.archives.list({ scope: 'tuner' })
  expect(pieces.map(({ id }) => placesOf(id)[0])).toEqual([0, ...pieces.slice(0, -1).map(({ value }) => value.next)])
  expect(await textOf(storage.readArchived('tuner', archive))).toBe(text)
})

test('of a tuner: the whole chain is sound', async () => {
  const storage = await opened('memory')
  const archive = new MemoryArtifacts()
  const { tuner, clock } = await cacheTuner({ storage: { store: storage, batch: 0, keep: 1000, archive } })
  for (let i = 0; i < 6200; i++) {
    window(tuner, clock)
    if (i % 200 === 0) await until(() => tuner.journal.stats.written === tuner.journal.stats.taken)
  }
  await tuner.close()
  expect((await storage.journals.info('catalog'))?.first).toBeGreaterThan(0)
  expect(await verifyJournal(storage.readArchived('catalog', archive))).toMatchObject({ ok: true, runs: 1 })
  const wrong = { store: storage, log: 'other', archive: {} as never }
  await expect(cacheTuner({ storage: wrong })).rejects.toMatchObject({ option: 'storage.archive' })
})

test('switched on for a log that was trimmed before: read from where the archive begins, each entry once', async () => {
  const storage = await opened('memory')
  const writer = await storage.journals.open('tuner')
  await writer.append(LINES.slice(0, 1500).join(''))
  await writer.trim(300)
  await writer.close()
  const archive = new MemoryArtifacts()
  await write(storage, archive, LINES.slice(1500))
  const [first] = await storage.archives.list({ scope: 'tuner' })
  expect(placesOf(first?.id as string)[0]).toBe(1200)
  expect((await storage.journals.info('tuner'))?.first).toBeGreaterThanOrEqual(first?.value.next as number)
  expect(await textOf(storage.readArchived('tuner', archive))).toBe(LINES.slice(1200).join(''))
})

test('a log that is removed leaves nothing to the next one of its name', async () => {
  const storage = await opened('memory')
  const archive = new MemoryArtifacts()
  await write(storage, archive)
  await storage.archives.put('other', 'piece', { next: 1, digest: '' })
  expect(await storage.journals.remove('tuner')).toBe(true)
  expect((await storage.archives.list()).map(({ scope }) => scope)).toEqual(['other'])
  const writer = await storage.journals.open('tuner')
  const next = await journal(3)
  await writer.append(next.text)
  await writer.close()
  expect(await textOf(storage.readArchived('tuner', archive))).toBe(next.text)
  // As if a process had been killed between removing the log and its pieces.
  await storage.archives.put('gone', 'piece', { next: 1, digest: '' })
  expect(await storage.journals.remove('gone')).toBe(false)
  expect(await storage.archives.list({ scope: 'gone' })).toEqual([])
})

test('a piece does not take the place of a longer one', async () => {
  const storage = await opened('memory')
  const artifacts = new MemoryArtifacts()
  const archive = new Archive(storage.archives, artifacts, 'tuner')
  const entries = LINES.map((line, position) => ({ position, event: 'window', line: line.slice(0, -1) }))
  await archive.keep(entries.slice(0, 2000))
  // By a writer that hung for longer than its lease.
  await archive.keep(entries.slice(0, 700))
  await archive.keep(entries.slice(2000, 3000))
  expect(await textOf(bytesOf(archive.read(0)))).toBe(LINES.slice(0, 3000).join(''))
  expect(await textOf(bytesOf(archive.read(650)))).toBe(LINES.slice(650, 3000).join(''))
})

test('a reading that is given up says so', async () => {
  const storage = await opened('memory')
  const entry = { position: 5, event: 'window', line: '{}' }
  // A log whose beginning is always gone by the time it is read.
  const journals = { info: async () => ({ first: 0, next: 10 }), entries: async () => [entry] }
  const reading = readWhole(journals as never, new Archive(storage.archives, new MemoryArtifacts(), 'tuner'), 'tuner')
  await expect(textOf(reading)).rejects.toMatchObject({ code: 'HOMEOSTAT_STORAGE_BUSY' })
})

/** Where a piece begins and ends. */
const placesOf = (id: string): number[] => id.split('-').map(Number)

async function* bytesOf(pieces: AsyncIterable<{ readonly bytes: Uint8Array }>): AsyncGenerator<Uint8Array> {
  for await (const { bytes } of pieces) yield bytes
}

async function zipped(text: string): Promise<Uint8Array> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}
