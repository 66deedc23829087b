import { Batches, type Database, type DatabaseObserver } from './batches.js'
import { TtlCache } from './cache.js'
import { Revalidation } from './revalidation.js'
import type { Row } from './rows.js'
import type { Settings } from './settings.js'

export interface Answer {
  readonly status: 200 | 404 | 504
  readonly hit: boolean
  readonly row: Row | undefined
}

/** What the service can see of its own cache; the tuned instance learns from it. All times monotonic, in ms. */
export interface CatalogObserver extends DatabaseObserver {
  /**
   * A lookup, fresh (`hit`) or not. `watched`: the row's version will be known soon, because it is read for this miss or
   * compared for this hit; what is returned then comes back with it.
   */
  looked?(id: number, nowMs: number, hit: boolean, watched: boolean): unknown
  /** The row of a watched lookup at `lookedAtMs` was read at `readAtMs`. */
  known?(row: Row, readAtMs: number, lookedAtMs: number, hit: boolean, remembered: unknown): void
  /** A sampled answer from the cache turned out to be fresh or stale. */
  compared?(stale: boolean): void
  /** A request ended. */
  done?(latencyMs: number, hit: boolean, failed: boolean): void
}

export interface CatalogOptions {
  readonly capacity: number
  readonly timeoutMs: number
  /** Share of hits that are compared with the database afterwards, 0 to 1. */
  readonly revalidateShare: number
  readonly now: () => number
  readonly observer?: CatalogObserver
}

const TIMED_OUT = Symbol('timed out')

/** Rows behind a cache: one read per key at a time, in batches, with a time limit. */
export class Catalog {
  readonly batches: Batches
  requests = 0
  misses = 0
  readonly #cache: TtlCache
  readonly #loading = new Map<number, Promise<Row | undefined>>()
  readonly #revalidation: Revalidation
  readonly #observer: CatalogObserver

  readonly #settings: Settings
  readonly #options: CatalogOptions
  constructor(database: Database, settings: Settings, options: CatalogOptions) {
    this.#settings = settings
    this.#options = options
    this.#observer = options.observer ?? {}
    this.#cache = new TtlCache(options.capacity)
    this.batches = new Batches(database, settings, options.now, this.#observer)
    this.#revalidation = new Revalidation(options.revalidateShare, this.batches, (row, readAtMs, sample) => {
      this.#observer.known?.(row, readAtMs, sample.lookedAtMs, true, sample.remembered)
      this.#observer.compared?.(row.version !== sample.served.row.version)
    })
  }

  async get(id: number): Promise<Answer> {
    const startedAtMs = this.#options.now()
    this.requests++
    const fresh = this.#cache.fresh(id, startedAtMs, this.#settings.ttlMs)
    if (fresh) {
      const sampled = this.#revalidation.chooses()
      const remembered = this.#observer.looked?.(id, startedAtMs, true, sampled)
      if (sampled) this.#revalidation.add({ id, lookedAtMs: startedAtMs, served: fresh, remembered })
      this.#observer.done?.(this.#options.now() - startedAtMs, true, false)
      return { status: 200, hit: true, row: fresh.row }
    }
    this.misses++
    const underway = this.#loading.get(id)
    const remembered = this.#observer.looked?.(id, startedAtMs, false, underway === undefined)
    const row = await this.#withinTime(underway ?? this.#load(id, startedAtMs, remembered))
    const failed = row === TIMED_OUT
    this.#observer.done?.(this.#options.now() - startedAtMs, false, failed)
    if (failed) return { status: 504, hit: false, row: undefined }
    return { status: row ? 200 : 404, hit: false, row }
  }

  close(): void {
    this.#revalidation.close()
  }

  #load(id: number, lookedAtMs: number, remembered: unknown): Promise<Row | undefined> {
    const loading = this.batches
      .load(id)
      .then(({ row, readAtMs }) => {
        if (row) {
          this.#cache.fill(row, readAtMs)
          this.#observer.known?.(row, readAtMs, lookedAtMs, false, remembered)
        }
        return row
      })
      .finally(() => this.#loading.delete(id))
    this.#loading.set(id, loading)
    return loading
  }

  /** A read that comes too late still fills the cache; only the caller stops waiting. */
  #withinTime(loading: Promise<Row | undefined>): Promise<Row | undefined | typeof TIMED_OUT> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, this.#options.timeoutMs, TIMED_OUT)
      loading.then(resolve, reject).finally(() => clearTimeout(timer))
    })
  }
}
