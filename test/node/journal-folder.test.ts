import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { replayJournal, verifyJournal } from '../../ts/entries/node.js'
import type { JournalFs } from '../../ts/node/fs.js'
import { openJournalFolder } from '../../ts/node/journal-folder.js'
import { folder, until } from '../support/folder.js'
import { disk } from '../support/full-disk.js'
import { cacheTuner, window } from '../support/tuners.js'

const line = (text: string) => new TextEncoder().encode(`${text}\n`)

function open(path: string, more: object = {}, fs?: JournalFs) {
  const options = {
    kind: 'folder' as const,
    folder: path,
    maxBytes: 64e6,
    keep: 8,
    syncMs: 1000,
    maxPending: 1 << 20,
    ...more,
  }
  return openJournalFolder('catalog', options, fs)
}

describe('the sink', () => {
  test('writes whole lines in order, and goes on in the same segment', async () => {
    const path = folder()
    for (const part of ['a', 'b']) {
      const sink = await open(path)
      for (let i = 0; i < 100; i++) sink.write(line(`${part}${i}`))
      await sink.close(60_000)
      expect(sink.stats).toMatchObject({ dropped: 0, failures: 0, torn: 0 })
    }
    const text = readFileSync(join(path, 'catalog-1.jsonl'), 'utf8')
    expect(text.trimEnd().split('\n')).toEqual(
      ['a', 'b'].flatMap((part) => Array.from({ length: 100 }, (_, i) => `${part}${i}`)),
    )
    expect(readdirSync(path)).toEqual(['catalog-1.jsonl'])
  })

  test('is on its way to the disk by itself, and forced there at the stated time, not before', async () => {
    const fs = disk()
    const sink = await open(folder(), { syncMs: 200 }, fs)
    const start = performance.now()
    sink.write(line('x'))
    await until(() => sink.stats.written === 2)
    await until(() => fs.syncs === 1)
    expect(performance.now() - start).toBeGreaterThan(150)
    await sink.close(60_000)
  })

  test('turns to a new segment in time and keeps so many', async () => {
    const path = folder()
    const sink = await open(path, { maxBytes: 1000, keep: 3 })
    for (let i = 0; i < 100; i++) {
      sink.write(line(`${i}`.padStart(99, '.')))
      await until(() => sink.stats.written === sink.stats.taken)
    }
    await sink.close(60_000)
    expect(readdirSync(path).sort()).toEqual(['catalog-10.jsonl', 'catalog-8.jsonl', 'catalog-9.jsonl'])
    expect([sink.stats.pruned, sink.stats.dropped]).toEqual([7000, 0])
  })

  test('a torn last line is set aside, and only that', async () => {
    const path = folder()
    const first = await open(path)
    first.write(line('whole'))
    await first.close(60_000)
    appendFileSync(join(path, 'catalog-1.jsonl'), '{"seq":1,"eve')
    const second = await open(path)
    expect(second.stats.torn).toBe(13)
    second.write(line('next'))
    await second.close(60_000)
    expect(readFileSync(join(path, 'catalog-1.jsonl'), 'utf8')).toBe('whole\nnext\n')
    expect(readFileSync(join(path, 'catalog-1.jsonl.torn'), 'utf8')).toBe('{"seq":1,"eve')
  })

  test('a file without any line end is all torn', async () => {
    const path = folder()
    writeFileSync(join(path, 'catalog-1.jsonl'), 'x'.repeat(200_000))
    const sink = await open(path)
    expect(sink.stats.torn).toBe(200_000)
    await sink.close(60_000)
    expect(readFileSync(join(path, 'catalog-1.jsonl'), 'utf8')).toBe('')
  })

  test('a full disk takes nothing more, tears nothing, and goes on when there is room', async () => {
    const path = folder()
    const fs = disk(25)
    const sink = await open(path, {}, fs)
    sink.write(line('0123456789'))
    sink.write(line('0123456789'))
    await until(() => sink.stats.written === 22)
    sink.write(line('abcdefghij'))
    await until(() => sink.failure !== undefined)
    expect(sink.failure).toMatchObject({ code: 'HOMEOSTAT_JOURNAL_IO' })
    expect(sink.room()).toBe(0)
    fs.left = 1e6
    await until(() => sink.failure === undefined)
    expect(sink.room()).toBeGreaterThan(0)
    await sink.close(60_000)
    expect(readFileSync(join(path, 'catalog-1.jsonl'), 'utf8')).toBe('0123456789\n0123456789\nabcdefghij\n')
    expect(sink.stats.dropped).toBe(0)
  })

  test('close gives up in time on a disk that stays full, and counts what is lost', async () => {
    const sink = await open(folder(), {}, disk(0))
    sink.write(line('lost'))
    const start = performance.now()
    await sink.close(200)
    expect(performance.now() - start).toBeLessThan(50_000)
    expect(sink.stats.dropped).toBe(5)
  })

  test('a folder that cannot be made has a code', async () => {
    const path = folder()
    writeFileSync(join(path, 'file'), '')
    await expect(open(join(path, 'file', 'below'))).rejects.toMatchObject({
      code: 'HOMEOSTAT_JOURNAL_IO',
      option: 'journal.folder',
    })
  })
})

async function* journalOf(path: string) {
  for (const name of readdirSync(path)
    .filter((file) => file.endsWith('.jsonl'))
    .sort())
    yield readFileSync(join(path, name))
}

describe('the journal of a tuner', () => {
  test('verifies and replays to the same bytes, over several runs in one folder', async () => {
    const path = folder()
    for (const runId of ['one', 'two']) {
      const { tuner, clock } = await cacheTuner({ journal: path, runId })
      expect(tuner.journal.path).toBe(join(path, 'catalog-1.jsonl'))
      for (let i = 0; i < 60; i++) window(tuner, clock, i % 7 === 0 ? 0.5 : 0.3)
      tuner.freeze('ttl')
      await tuner.close()
      expect(tuner.journal.stats.dropped).toBe(0)
    }
    const verified = await verifyJournal(journalOf(path))
    expect(verified).toMatchObject({ ok: true, runs: 2 })
    expect(await replayJournal(journalOf(path))).toMatchObject({ ok: true, entries: verified.entries })
  })

  test('an edited journal is found out at the first broken link', async () => {
    const path = folder()
    const { tuner, clock } = await cacheTuner({ journal: path })
    for (let i = 0; i < 20; i++) window(tuner, clock)
    await tuner.close()
    const file = join(path, 'catalog-1.jsonl')
    const lines = readFileSync(file, 'utf8').split('\n')
    lines[9] = (lines[9] as string).replace(/"time_us":\d/, '"time_us":9')
    writeFileSync(file, lines.join('\n'))
    const verified = await verifyJournal(journalOf(path))
    expect(verified.ok).toBe(false)
    expect(verified.first_bad).toMatchObject({ line: 10 })
    expect(verified.first_bad?.code).toMatch(/^HOMEOSTAT_JOURNAL_/)
  })

  test.each([
    ['text', 'journal'],
    ['nothing', undefined],
    ['bytes without a sequence around them', new Uint8Array(4)],
    ['pieces of text', ['{}\n']],
    ['an object', {}],
  ])('%s instead of a sequence of bytes is refused', async (_, bytes) => {
    const refusal = { code: 'HOMEOSTAT_INVALID_OPTION', option: 'bytes' }
    await expect(verifyJournal(bytes as never)).rejects.toMatchObject(refusal)
    await expect(replayJournal(bytes as never)).rejects.toMatchObject(refusal)
  })

  test('a truncated journal is found out', async () => {
    const path = folder()
    const { tuner, clock } = await cacheTuner({ journal: path })
    window(tuner, clock)
    await tuner.close()
    const bytes = readFileSync(join(path, 'catalog-1.jsonl'))
    expect(await verifyJournal([bytes.subarray(0, bytes.length - 7)])).toMatchObject({
      ok: false,
      first_bad: { code: 'HOMEOSTAT_JOURNAL_TRUNCATED' },
    })
  })

  test('entries cut off at the end of a run are found out by the run after it', async () => {
    const path = folder()
    const file = join(path, 'catalog-1.jsonl')
    const run = async (runId: string) => {
      const { tuner, clock } = await cacheTuner({ journal: path, runId })
      const troubles: string[] = []
      tuner.on('trouble', (event) => troubles.push(event.code))
      for (let i = 0; i < 60; i++) window(tuner, clock)
      await tuner.close()
      return troubles
    }
    expect(await run('one')).toEqual([])
    const first = readFileSync(file, 'utf8').trimEnd().split('\n').length
    expect(await run('two')).toEqual([])
    expect(await verifyJournal(journalOf(path))).toMatchObject({ ok: true, runs: 2 })
    const lines = readFileSync(file, 'utf8').split('\n')
    expect(JSON.parse(lines[first] as string).payload.previous).toBe(JSON.parse(lines[first - 1] as string).hash)
    lines.splice(first - 30, 30)
    expect(await verifyJournal([new TextEncoder().encode(lines.join('\n'))])).toMatchObject({
      ok: false,
      first_bad: { code: 'HOMEOSTAT_JOURNAL_BROKEN', line: first - 29 },
    })
  })

  test('a run that did not end by itself is reported by the next one, also across segments', async () => {
    const path = folder()
    const { tuner, clock } = await cacheTuner({ journal: path })
    for (let i = 0; i < 20; i++) window(tuner, clock)
    await tuner.close()
    const file = join(path, 'catalog-1.jsonl')
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
    writeFileSync(file, `${lines.slice(0, -1).join('\n')}\n`)
    writeFileSync(join(path, 'catalog-2.jsonl'), '')
    const next = await cacheTuner({ journal: path })
    const troubles: string[] = []
    next.tuner.on('trouble', (event) => troubles.push(event.code))
    for (let i = 0; i < 3; i++) window(next.tuner, next.clock)
    expect(troubles).toEqual(['HOMEOSTAT_JOURNAL_UNCLEAN'])
    expect(next.tuner.journal.stats.unclean).toBe(1)
    await next.tuner.close()
    expect(await verifyJournal(journalOf(path))).toMatchObject({ ok: true, runs: 2 })
    expect(JSON.parse(readFileSync(join(path, 'catalog-2.jsonl'), 'utf8').split('\n')[0] as string)).toMatchObject({
      event: 'start',
      payload: { previous: JSON.parse(lines.at(-2) as string).hash },
    })
  })

  test('a disk that fills means SafeMode and held knobs, then recovery with an exact count', async () => {
    const fs = disk()
    const path = folder()
    const sink = await open(path, { maxPending: 65_536 }, fs)
    const { tuner, clock } = await cacheTuner({ journal: sink, journalQueue: 64 })
    const troubles: string[] = []
    tuner.on('trouble', (event) => troubles.push(event.code))
    for (let i = 0; i < 20; i++) window(tuner, clock)
    await until(() => sink.stats.written === sink.stats.taken)
    fs.left = 0
    window(tuner, clock)
    await until(() => sink.failure !== undefined)
    for (let i = 0; i < 400; i++) window(tuner, clock)
    expect(troubles).toContain('HOMEOSTAT_JOURNAL_IO')
    const full = await tuner.explain()
    expect(full.safe_mode).not.toBeNull()
    expect(full.journal.dropped).toBeGreaterThan(0)
    const held = tuner.snapshot().values
    for (let i = 0; i < 40; i++) window(tuner, clock)
    expect(tuner.snapshot().values).toEqual(held)
    fs.left = 1e9
    await until(() => sink.failure === undefined)
    for (let i = 0; i < 400; i++) {
      window(tuner, clock)
      if (i % 10 === 0) await until(() => sink.stats.written === sink.stats.taken)
    }
    expect((await tuner.explain()).journal.dropped).toBe(0)
    const windows = tuner.counters().windows
    await tuner.close()
    const verified = await verifyJournal(journalOf(path))
    expect(verified).toMatchObject({ ok: true })
    // Every window is either an entry or in the count of a gap.
    const entries = readFileSync(join(path, 'catalog-1.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((text) => JSON.parse(text))
    const recorded = entries.filter((entry) => entry.event === 'window').length
    const dropped = entries.reduce((sum, entry) => sum + (entry.event === 'gap' ? entry.payload.dropped : 0), 0)
    expect(dropped).toBeGreaterThan(0)
    expect(recorded + dropped).toBe(windows)
    expect(await replayJournal(journalOf(path))).toMatchObject({ ok: true })
  })
})
