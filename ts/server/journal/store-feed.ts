/** The journal that a store keeps as one of its logs. */
import type { LogEntry, LogInfo, Storage } from '../../storage/contract.js'
import { JOURNAL_EVENTS, type JournalEntry } from '../../tuner/events.js'
import { type Bounds, entryOf, type Feed, type FeedReader, isBulk, PER_WINDOW, type Run } from './feed.js'
import { turn } from './turn.js'

/** Runs of a log whose ends are looked up; of more, only the newest count. */
const RUNS_MAX = 1000
/** Runs after which the event loop has its turn, where the thread has other things to do. */
const RUNS_AT_ONCE = 20

/** Entries that are asked for at once; fewer where the thread has other things to do. */
const PAGE = 1000
const SMALL_PAGE = 250
/** Places among which it is looked at once for what was decided: a store steps through them, whatever it finds. */
const RANGE = 500
const SPARSE = JOURNAL_EVENTS.filter((event) => !PER_WINDOW.includes(event))

export function storeFeed(store: Pick<Storage, 'journals' | 'runs' | 'tuners'>, log: string): Feed {
  const { journals } = store
  const at = async (position: number): Promise<JournalEntry | undefined> => {
    const [found] = await journals.entries(log, { from: position, limit: 1 })
    return found?.position === position ? entryOf(found.line) : undefined
  }
  const starts = async (from = 0): Promise<LogEntry[]> =>
    (await journals.entries(log, { from, events: ['start'], newestFirst: true, limit: RUNS_MAX })).reverse()
  return {
    title: log,
    reader: (take, bounds) => new StoreReader(journals, log, take, bounds),
    runs: async (bounds) => {
      const from = bounds === undefined ? 0 : placeOf(await journals.info(log), bounds.bytes)
      const begins = await starts(from)
      const [oldest] = await journals.entries(log, { from, limit: 1 })
      const [newest] = await journals.entries(log, { newestFirst: true, limit: 1 })
      if (oldest !== undefined && begins.length < RUNS_MAX && begins[0]?.position !== oldest.position)
        begins.unshift(oldest)
      const runs: Run[] = []
      for (const [i, { line }] of begins.entries()) {
        const first = entryOf(line)
        const next = begins[i + 1]
        const last = next === undefined ? entryOf(newest?.line ?? '') : await at(next.position - 1)
        if (first !== undefined) runs.push({ first, lastUs: last?.time_us ?? first.time_us })
        if (bounds !== undefined && i % RUNS_AT_ONCE === RUNS_AT_ONCE - 1) await turn()
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
  readonly #journals: Storage['journals']
  readonly #log: string
  readonly #take: (entry: JournalEntry) => void
  readonly #bounds: Bounds | undefined
  #next = 0
  /** Before this place only what was decided and told. */
  #whole: number | undefined

  constructor(
    journals: Storage['journals'],
    log: string,
    take: (entry: JournalEntry) => void,
    bounds: Bounds | undefined,
  ) {
    this.#journals = journals
    this.#log = log
    this.#take = take
    this.#bounds = bounds
  }

  async read(): Promise<void> {
    if (this.#bounds !== undefined) {
      this.#whole ??= await this.#begin(this.#bounds)
      await this.#ranges(this.#whole)
    }
    await this.#pages(this.#bounds === undefined ? PAGE : SMALL_PAGE)
  }

  /** Where the bounds lie. */
  async #begin({ bytes, wholeBytes }: Bounds): Promise<number> {
    const info = await this.#journals.info(this.#log)
    this.#next = placeOf(info, bytes)
    return placeOf(info, wholeBytes)
  }

  /** What was decided and told before `end`. */
  async #ranges(end: number): Promise<void> {
    while (this.#next < end) {
      const before = Math.min(end, this.#next + RANGE)
      const query = { from: this.#next, before, events: SPARSE, limit: RANGE }
      await this.#each(await this.#journals.entries(this.#log, query), (entry) => !isBulk(entry))
      this.#next = before
      await turn()
    }
  }

  async #pages(limit: number): Promise<void> {
    for (;;) {
      const page = await this.#journals.entries(this.#log, { from: this.#next, limit })
      await this.#each(page, () => true)
      if (page.length < limit) return
      if (this.#bounds !== undefined) await turn()
    }
  }

  async #each(page: readonly LogEntry[], wanted: (entry: JournalEntry) => boolean): Promise<void> {
    for (const [i, { position, line }] of page.entries()) {
      // A range may be full of probes.
      if (this.#bounds !== undefined && i > 0 && i % SMALL_PAGE === 0) await turn()
      this.#next = position + 1
      const entry = entryOf(line)
      if (entry === undefined) this.bad++
      else if (wanted(entry)) this.#take(entry)
    }
  }
}

/** Where the newest `most` bytes begin, by what an entry takes on average. */
function placeOf(info: LogInfo | undefined, most: number): number {
  if (info === undefined) return 0
  const { first, next, bytes } = info
  return bytes <= most ? first : next - Math.floor(((next - first) * most) / bytes)
}
