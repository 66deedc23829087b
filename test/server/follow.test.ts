/** Reading journals without holding anything up: runs are found among bytes, and what was before is waited for only a while. */
import { appendFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { entryOf, type Feed, type Run } from '../../ts/server/journal/feed.js'
import { Follower, runsIn } from '../../ts/server/node/follow.js'
import { Journals } from '../../ts/server/node/journals.js'
import type { JournalEntry } from '../../ts/tuner/events.js'
import { folder } from '../support/folder.js'
import { generator } from '../support/random-operations.js'

/** Every line as JSON, one after the other. */
function runsOf(text: string): Run[] {
  const runs: { first: JournalEntry; lastUs: number }[] = []
  for (const line of text.split('\n').slice(0, -1)) {
    const entry = entryOf(line)
    if (entry === undefined) continue
    if (runs.length === 0 || entry.event === 'start') runs.push({ first: entry, lastUs: entry.time_us })
    else (runs.at(-1) as { lastUs: number }).lastUs = entry.time_us
  }
  return runs
}

/** Whole lines that begin within the newest bytes. */
function newest(all: Buffer, bytes: number): string {
  const from = Math.max(0, all.length - bytes)
  return all.toString('utf8', from === 0 ? 0 : all.indexOf('\n', from - 1) + 1)
}

function lines(random: () => number, count: number): string {
  let [text, seq, us, run] = ['', Math.floor(random() * 3), 0, 0]
  for (let i = 0; i < count; i++) {
    if (random() < 0.05) [seq, us, run] = [0, Math.floor(random() * 1000), run + 1]
    us += Math.floor(random() * 1e6)
    const event = seq === 0 ? 'start' : 'window'
    // A text that looks like the beginning of a run, and one longer than what is read at once.
    const payload = { note: random() < 0.1 ? '"event":"start"' : 'ü'.repeat(random() < 0.01 ? 200_000 : 20) }
    text += `${JSON.stringify({ seq: seq++, event, time_us: us, run_id: `run-${run}`, payload })}\n`
  }
  return text
}

describe.each([1, 2, 3, 4])('seed %i', (seed) => {
  test('runs, segments and what follows are those of the text', async () => {
    const random = generator(seed)
    const path = folder()
    const text = lines(random, 400)
    const cut = text.split(/(?<=\n)/)
    const files: string[] = []
    for (let at = 0; at < cut.length; ) {
      const count = 1 + Math.floor(random() * 150)
      const file = join(path, `catalog-${files.length + 1}.jsonl`)
      writeFileSync(file, cut.slice(at, at + count).join(''))
      files.push(file)
      at += count
    }
    expect(await runsIn(files)).toEqual(runsOf(text))
    const all = Buffer.from(text)
    const boundary = all.lastIndexOf('\n', all.length >> 1) + 1
    const within = [0, 1, all.length - boundary, all.length - boundary - 1, all.length - 1, all.length, all.length + 1]
    for (const bytes of [...within, ...Array.from({ length: 5 }, () => Math.floor(random() * all.length))])
      expect(await runsIn(files, bytes)).toEqual(runsOf(newest(all, bytes)))
    const taken: JournalEntry[] = []
    const follower = new Follower(
      async () => files,
      (entry) => taken.push(entry),
    )
    await follower.read()
    const more = lines(random, 20)
    const [half, rest] = [more.slice(0, 100), more.slice(100)]
    for (const part of [half, rest]) {
      appendFileSync(files.at(-1) as string, part)
      await follower.read()
    }
    expect(taken).toEqual((text + more).split('\n').slice(0, -1).map(entryOf))
    expect(follower.bad).toBe(0)
  })
})

test('no file, no lines, half a line: no runs', async () => {
  const file = join(folder(), 'catalog-1.jsonl')
  expect(await runsIn([file])).toEqual([])
  for (const text of ['', '{"seq":0', '\n\n', 'nonsense\n']) {
    writeFileSync(file, text)
    expect(await runsIn([file])).toEqual([])
  }
  rmSync(file)
})

test('a journal that takes long to read is shown while it is read', async () => {
  const start = {
    seq: 0,
    event: 'start',
    time_us: 0,
    run_id: 'run',
    payload: { name: 'slow', knobs: [], guardrails: {} },
  }
  const feed: Feed = {
    title: 'slow',
    runs: async () => [{ first: start as never, lastUs: 0 }],
    start: async () => undefined,
    written: async () => ({ atMs: 0 }),
    reader: () => ({ bad: 0, read: () => new Promise(() => {}) }),
  }
  const shown: string[] = []
  const journals = new Journals({
    find: async () => [feed],
    points: 4096,
    controlFile: undefined,
    add: (make) => shown.push(make({ changed: () => {} }).name) > 0,
  })
  await journals.begin()
  expect([shown, journals.names]).toEqual([['slow'], ['slow']])
  journals.close()
})
