/**
 * Where the entries of one journal come from, as they are now and as they are written: a folder's segments, or a log of a store.
 */
import { readFile } from 'node:fs/promises'
import type { LogEntry, Storage } from '../../storage/contract.js'
import type { JournalEntry } from '../../tuner/events.js'
import { entryOf, type Files, Follower, type Run, runsIn, writtenMs } from './follow.js'

export interface Feed {
  /** The tuner, or the log. */
  readonly title: string
  /** A reader that begins with the oldest entry that is still there; it reads what was not read yet. */
  reader(take: (entry: JournalEntry) => void): FeedReader
  /** The runs that are there, the oldest first, without reading all of them. */
  runs(): Promise<readonly Run[]>
  /** The first entry of the latest run, where it was kept apart from the journal, which may have lost it. */
  start(): Promise<JournalEntry | undefined>
  /** Wall time of an entry, or of the last one; undefined: not known. */
  written(): Promise<
    { readonly atMs: number; readonly of?: { readonly runId: string; readonly timeUs: number } } | undefined
  >
}

export interface FeedReader {
  read(): Promise<void>
  /** Lines that were no entries. */
  readonly bad: number
}

export interface FileFeedParts {
  readonly title: string
  readonly files: Files
  /** Where the first entry of the latest run is kept. */
  readonly startFile: string | undefined
}

export function fileFeed({ title, files, startFile }: FileFeedParts): Feed {
  return {
    title,
    reader: (take) => new Follower(files, take),
    runs: async () => runsIn(await files()),
    start: async () => {
      if (startFile === undefined) return undefined
      try {
        return entryOf(await readFile(startFile, 'utf8'))
      } catch {
        // It is only there where a newer version of the package wrote the journal.
        return undefined
      }
    },
    written: async () => {
      const last = (await files()).at(-1)
      return last === undefined ? undefined : { atMs: await writtenMs(last) }
    },
  }
}

/** Runs of a log whose ends are looked up; of more, only the newest count. */
const RUNS_MAX = 1000

export function storeFeed(store: Storage, log: string): Feed {
  const { journals } = store
  const at = async (position: number): Promise<JournalEntry | undefined> => {
    const [found] = await journals.entries(log, { from: position, limit: 1 })
    return found?.position === position ? entryOf(found.line) : undefined
  }
  const starts = async (): Promise<LogEntry[]> =>
    (await journals.entries(log, { events: ['start'], newestFirst: true, limit: RUNS_MAX })).reverse()
  return {
    title: log,
    reader: (take) => new StoreReader(store, log, take),
    runs: async () => {
      const begins = await starts()
      const [oldest] = await journals.entries(log, { limit: 1 })
      const [newest] = await journals.entries(log, { newestFirst: true, limit: 1 })
      if (oldest !== undefined && begins.length < RUNS_MAX && begins[0]?.position !== oldest.position)
        begins.unshift(oldest)
      const runs: Run[] = []
      for (const [i, { line }] of begins.entries()) {
        const first = entryOf(line)
        const next = begins[i + 1]
        const last = next === undefined ? entryOf(newest?.line ?? '') : await at(next.position - 1)
        if (first !== undefined) runs.push({ first, lastUs: last?.time_us ?? first.time_us })
      }
      return runs
    },
    start: async () => {
      const item = (await store.runs.list({ limit: 10_000 })).find(({ id }) => id === log)
      return item === undefined ? undefined : entryOf(item.value.line)
    },
    written: async () => {
      const item = (await store.tuners.list({ limit: 10_000 })).find(({ id }) => id === log)
      if (item === undefined) return undefined
      // The state is as of an entry, mostly not the last one: sequence numbers of a run follow one another.
      const { runId, seq } = item.value
      const [oldest] = await journals.entries(log, { limit: 1 })
      const known = [...(await starts()), ...(oldest === undefined ? [] : [oldest])]
      const base = known.map((one) => [one.position, entryOf(one.line)] as const).find(([, e]) => e?.run_id === runId)
      const entry = base?.[1] === undefined ? undefined : await at(base[0] + seq - base[1].seq)
      const same = entry?.run_id === runId && entry.seq === seq
      return { atMs: item.updatedMs, ...(same && { of: { runId, timeUs: entry.time_us } }) }
    },
  }
}

class StoreReader implements FeedReader {
  bad = 0
  readonly #store: Storage
  readonly #log: string
  readonly #take: (entry: JournalEntry) => void
  #next = 0

  constructor(store: Storage, log: string, take: (entry: JournalEntry) => void) {
    this.#store = store
    this.#log = log
    this.#take = take
  }

  async read(): Promise<void> {
    for (;;) {
      const page = await this.#store.journals.entries(this.#log, { from: this.#next, limit: 1000 })
      for (const { position, line } of page) {
        this.#next = position + 1
        const entry = entryOf(line)
        if (entry === undefined) this.bad++
        else this.#take(entry)
      }
      if (page.length < 1000) return
    }
  }
}
