/** What logs promise. */
import type { Storage } from '../contract.js'
import { type Case, chained, equal, fails, fresh, journal, textOf } from './support.js'

/** Opens, works and closes. */
async function using<T>(open: () => Promise<Storage>, work: (storage: Storage) => Promise<T>): Promise<T> {
  const storage = await open()
  try {
    return await work(storage)
  } finally {
    await storage.close()
  }
}

const keeping: Case<Storage>[] = [
  [
    'a log that was never written is not there',
    (open) =>
      using(open, async ({ journals }) => {
        const name = fresh()
        equal('info', await journals.info(name), undefined)
        equal('entries', await journals.entries(name), [])
        equal('text', await textOf(journals.read(name)), '')
        equal('verification', await journals.verify(name), { ok: true, entries: 0 })
        equal('removal', await journals.remove(name), false)
      }),
  ],
  [
    'lines come back as they were written, in order, in another store',
    async (open) => {
      const name = fresh()
      const { text, hash } = await journal(2500)
      await using(open, async ({ journals }) => {
        const writer = await journals.open(name)
        equal('head', writer.head, { next: 0 })
        await writer.append(text)
        equal('head after', writer.head, { next: 2500, hash, event: 'window' })
      })
      await using(open, async ({ journals }) => {
        equal('text', (await textOf(journals.read(name))) === text, true)
        const bytes = new TextEncoder().encode(text).length
        const info = { next: 2500, hash, event: 'window', first: 0, bytes, held: false }
        const { name: _, ...found } = (await journals.info(name)) ?? { name }
        equal('info', Object.entries(found).sort(), Object.entries(info).sort())
        equal('list', (await journals.list()).filter((log) => log.name === name).length, 1)
        equal('verification', await journals.verify(name), { ok: true, entries: 2500 })
      })
    },
  ],
  [
    'a log goes on where the writer before ended',
    async (open) => {
      const name = fresh()
      const first = await journal(3)
      await using(open, async ({ journals }) => (await journals.open(name)).append(first.text))
      const second = await journal(4, first.hash)
      await using(open, async ({ journals }) => {
        const writer = await journals.open(name)
        equal('head', writer.head, { next: 3, hash: first.hash, event: 'window' })
        await writer.append(new TextEncoder().encode(second.text))
        equal('text', await textOf(journals.read(name)), first.text + second.text)
        equal('verification', await journals.verify(name), { ok: true, entries: 7 })
      })
    },
  ],
  [
    'appends at once stay in order',
    (open) =>
      using(open, async ({ journals }) => {
        const name = fresh()
        const writer = await journals.open(name)
        const { text } = await journal(60)
        const lines = text.split(/(?<=\n)/)
        await Promise.all(lines.map((line) => writer.append(line)))
        equal('text', await textOf(journals.read(name)), text)
      }),
  ],
  [
    'entries are found by place and event, from either end',
    (open) =>
      using(open, async ({ journals }) => {
        const name = fresh()
        const writer = await journals.open(name)
        await writer.append((await journal(100)).text)
        const places = async (query: object) => (await journals.entries(name, query)).map(({ position }) => position)
        equal('a range', await places({ from: 3, before: 6 }), [3, 4, 5])
        equal('the newest', await places({ newestFirst: true, limit: 2 }), [99, 98])
        equal('older ones', await places({ newestFirst: true, before: 98, limit: 2 }), [97, 96])
        equal('by event', await places({ events: ['apply', 'start'], limit: 3 }), [0, 10, 20])
        equal('by no event', await places({ events: [] }), [])
        equal('an entry', (await journals.entries(name, { from: 10, limit: 1 }))[0]?.event, 'apply')
        await fails('a limit of none', 'HOMEOSTAT_INVALID_OPTION', () => journals.entries(name, { limit: 0 }))
      }),
  ],
  [
    'kinds of logs do not meet',
    (open) =>
      using(open, async ({ journals, studies }) => {
        const name = fresh()
        await (await journals.open(name)).append((await journal(2)).text)
        equal('a study of the same name', await studies.info(name), undefined)
      }),
  ],
]

const chain: Case<Storage>[] = [
  [
    'what does not continue the chain is refused, and nothing of it kept',
    (open) =>
      using(open, async ({ journals }) => {
        const name = fresh()
        const writer = await journals.open(name)
        const { text, hash } = await journal(3)
        await writer.append(text)
        const next = (await journal(3, undefined, 3)).text
        await fails('a line of another chain', 'HOMEOSTAT_JOURNAL_BROKEN', () => writer.append(next))
        const good = await chained(
          [
            { event: 'window', n: 1 },
            { event: 'window', n: 2 },
          ],
          hash,
        )
        await fails('an edited line', 'HOMEOSTAT_JOURNAL_BROKEN', () =>
          writer.append(good.text.replace('"n":2', '"n":3')),
        )
        await fails('a missing line', 'HOMEOSTAT_JOURNAL_BROKEN', () =>
          writer.append(good.text.split(/(?<=\n)/)[1] ?? ''),
        )
        await fails('half a line', 'HOMEOSTAT_JOURNAL_TRUNCATED', () => writer.append(good.text.slice(0, -5)))
        await fails('no JSON', 'HOMEOSTAT_JOURNAL_MALFORMED', () => writer.append('{"event":\n'))
        await fails('no hash', 'HOMEOSTAT_JOURNAL_MALFORMED', () => writer.append('{"event":"window"}\n'))
        const stranger = await journal(1, 'f'.repeat(64))
        await fails('a start after something else', 'HOMEOSTAT_JOURNAL_BROKEN', () => writer.append(stranger.text))
        equal('text', await textOf(journals.read(name)), text)
        await writer.append(good.text)
        equal('verification', await journals.verify(name), { ok: true, entries: 5 })
      }),
  ],
  [
    'the oldest entries go, and the rest still verifies',
    (open) =>
      using(open, async ({ journals }) => {
        const name = fresh()
        const writer = await journals.open(name)
        const { text } = await journal(50)
        await writer.append(text)
        const kept = text
          .split(/(?<=\n)/)
          .slice(40)
          .join('')
        const gone = await writer.trim(10)
        equal('what went', gone, { entries: 40, bytes: size(text) - size(kept) })
        equal('text', await textOf(journals.read(name)), kept)
        equal('bytes', (await journals.info(name))?.bytes, size(kept))
        equal('first', (await journals.info(name))?.first, 40)
        equal('next', writer.head.next, 50)
        equal('verification', await journals.verify(name), { ok: true, entries: 10 })
        equal('trimmed again', await journals.trim(name, 10), { entries: 0, bytes: 0 })
        equal('trimmed to nothing', (await journals.trim(name, 0)).entries, 10)
        equal('verification of nothing', await journals.verify(name), { ok: true, entries: 0 })
      }),
  ],
]

const trimming: Case<Storage>[] = [
  [
    'of two that remove old entries at once, what the one removed stays removed',
    async (open) => {
      const [one, two] = [await open(), await open()]
      try {
        for (let round = 0; round < 4; round++) {
          const name = fresh()
          const writer = await one.journals.open(name)
          const { text } = await journal(40)
          await writer.append(text)
          const gone = await Promise.all([writer.trim(5), two.journals.trim(name, 20)])
          equal('what went', gone[0].entries + gone[1].entries, 35)
          equal('first', (await two.journals.info(name))?.first, 35)
          equal('bytes', (await two.journals.info(name))?.bytes, size(await textOf(two.journals.read(name))))
          equal('verification', await two.journals.verify(name), { ok: true, entries: 5 })
        }
      } finally {
        await Promise.all([one.close(), two.close()])
      }
    },
  ],
  [
    'more than goes in one step goes',
    (open) =>
      using(open, async ({ journals }) => {
        const name = fresh()
        const writer = await journals.open(name)
        await writer.append((await journal(2200)).text)
        equal('what went', (await writer.trim(30)).entries, 2170)
        equal('verification', await journals.verify(name), { ok: true, entries: 30 })
      }),
  ],
]

const size = (text: string): number => new TextEncoder().encode(text).length

const writers: Case<Storage>[] = [
  [
    'one writer at a time, within a store and between two',
    async (open) => {
      const name = fresh()
      const [one, two] = [await open(), await open()]
      try {
        const writer = await one.journals.open(name)
        await fails('a second writer', 'HOMEOSTAT_STORAGE_LOCKED', () => one.journals.open(name))
        await fails('a writer elsewhere', 'HOMEOSTAT_STORAGE_LOCKED', () => two.journals.open(name))
        await fails('removing it', 'HOMEOSTAT_STORAGE_LOCKED', () => two.journals.remove(name))
        equal('held', (await two.journals.info(name))?.held, true)
        await writer.close()
        await writer.close()
        await fails('an append after the end', 'HOMEOSTAT_CLOSED', () => writer.append('{}\n'))
        equal('held after', (await two.journals.info(name))?.held, false)
        await (await two.journals.open(name)).append((await journal(1)).text)
      } finally {
        await Promise.all([one.close(), two.close()])
      }
    },
  ],
  [
    'of many that open a log at once, one gets it',
    async (open) => {
      const name = fresh()
      const stores = await Promise.all(Array.from({ length: 4 }, () => open()))
      try {
        const opened = await Promise.allSettled(stores.map(({ journals }) => journals.open(name)))
        equal('writers', opened.filter(({ status }) => status === 'fulfilled').length, 1)
      } finally {
        await Promise.all(stores.map((store) => store.close()))
      }
    },
  ],
  [
    'a log is removed, and can begin anew',
    (open) =>
      using(open, async ({ journals }) => {
        const name = fresh()
        const { text } = await journal(3)
        const writer = await journals.open(name)
        await writer.append(text)
        await writer.close()
        equal('removed', await journals.remove(name), true)
        equal('info', await journals.info(name), undefined)
        equal('text', await textOf(journals.read(name)), '')
        const again = await journals.open(name)
        equal('head', again.head, { next: 0 })
        await again.append(text)
      }),
  ],
  [
    'a state is kept with the entries that it follows from',
    async (open) => {
      const name = fresh()
      await using(open, async (storage) => {
        const sink = await storage.openJournal('tuner', { log: name, batch: 0 })
        sink.write(new TextEncoder().encode((await journal(31)).text))
        await sink.close(5000)
        equal('what the sink says', [sink.stats.dropped, sink.stats.failures], [0, 0])
      })
      await using(open, async (storage) => {
        const { value, version } = (await storage.tuners.get('tuner', name)) ?? {}
        equal('values', [value?.values, value?.seq, value?.runId, version], [{ ttl: 30 }, 30, 'run', 1])
        const sink = await storage.openJournal('tuner', { log: name })
        equal('the run before had no stop', sink.stats.unclean, 1)
        equal('the chain goes on', sink.previous, (await storage.journals.info(name))?.hash)
        await sink.close(1000)
        const [first] = await storage.journals.entries(name, { limit: 1 })
        await storage.journals.trim(name, 1)
        const start = await storage.runs.get('tuner', name)
        equal('how the run began, which its journal lost', start?.value, { runId: 'run', line: first?.line })
      })
    },
  ],
  [
    'a study is kept as the solver wrote it',
    async (open) => {
      const name = fresh()
      const { text } = await chained([{ format: 'homeostat-study' }, { ask: { trial: 0 } }, { tell: { trial: 0 } }])
      await using(open, async ({ studies }) => {
        const study = studies.checkpoint(name)
        equal('a new study', await study.load(), '')
        for (const line of text.split(/(?<=\n)/)) await study.append(line)
        await fails('another run', 'HOMEOSTAT_STORAGE_LOCKED', async () => studies.checkpoint(name).load())
        await study.close?.()
      })
      await using(open, async ({ studies }) => {
        equal('the study', await studies.checkpoint(name).load(), text)
        equal(
          'its lines',
          (await studies.entries(name)).map(({ event }) => event),
          ['format', 'ask', 'tell'],
        )
      })
    },
  ],
  [
    'names that are none are refused',
    (open) =>
      using(open, async ({ journals }) => {
        for (const name of ['', 'a/b', 'ü', 'x'.repeat(129), "'; drop table homeostat_logs"]) {
          await fails(`the name ${name}`, 'HOMEOSTAT_INVALID_NAME', () => journals.open(name))
        }
      }),
  ],
]

export const LOG_CASES: readonly Case<Storage>[] = [...keeping, ...chain, ...trimming, ...writers]
