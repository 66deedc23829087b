/**
 * Where the entries of one journal come from, as they are now and as they are written: a folder's segments, or a log of a store.
 */
import { readFileSync } from 'node:fs'
import type { Storage } from '../../storage/contract.js'
import type { JournalEntry } from '../../tuner/events.js'
import { Follower, writtenMs } from './follow.js'

export interface Feed {
  /** The tuner, or the log. */
  readonly title: string
  /** A reader that begins with the oldest entry that is still there; it reads what was not read yet. */
  reader(take: (entry: JournalEntry) => void): FeedReader
  /** The first entry of the latest run, where it was kept apart from the journal, which may have lost it. */
  start(): Promise<JournalEntry | undefined>
  /** Wall time of an entry, or of the last one; undefined: not known. */
  written(): Promise<
    { readonly atMs: number; readonly of?: { readonly runId: string; readonly seq: number } } | undefined
  >
}

export interface FeedReader {
  read(): Promise<void>
  /** Lines that were no entries. */
  readonly bad: number
}

export interface FileFeedParts {
  readonly title: string
  /** The segments in their order, as they are now. */
  files(): readonly string[]
  /** Where the first entry of the latest run is kept. */
  readonly startFile: string | undefined
}

export function fileFeed({ title, files, startFile }: FileFeedParts): Feed {
  return {
    title,
    reader: (take) => {
      const follower = new Follower(files, take)
      return {
        read: async () => void follower.read(),
        get bad() {
          return follower.bad
        },
      }
    },
    start: async () => {
      if (startFile === undefined) return undefined
      try {
        return entryOf(readFileSync(startFile, 'utf8'))
      } catch {
        // It is only there where a newer version of the package wrote the journal.
        return undefined
      }
    },
    written: async () => {
      const last = files().at(-1)
      return last === undefined ? undefined : { atMs: writtenMs(last) }
    },
  }
}

/** `scope`: the tuner's name where the store knows it by that. */
export function storeFeed(store: Storage, log: string): Feed {
  return {
    title: log,
    reader: (take) => new StoreReader(store, log, take),
    start: async () => {
      const item = (await store.runs.list({ limit: 10_000 })).find(({ id }) => id === log)
      return item === undefined ? undefined : entryOf(item.value.line)
    },
    written: async () => {
      const item = (await store.tuners.list({ limit: 10_000 })).find(({ id }) => id === log)
      return item === undefined
        ? undefined
        : { atMs: item.updatedMs, of: { runId: item.value.runId, seq: item.value.seq } }
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

export function entryOf(text: string): JournalEntry | undefined {
  try {
    const entry = JSON.parse(text) as JournalEntry
    return typeof entry.event === 'string' && typeof entry.payload === 'object' && entry.payload !== null
      ? entry
      : undefined
  } catch {
    return undefined
  }
}
