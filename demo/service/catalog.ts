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
  /** A lookup, whether the cache can answer it or not. */
  looked?(id: number, hit: boolean): void
  /** A row was read: for a miss, or to compare a sampled answer. */
  known?(row: Row): void
  /** One of the sampled requests was answered, with a stale row or not; misses are never stale. */
  compared?(stale: boolean): void
  /** A request ended. */
  done?(latencyMs: number, failed: boolean): void
}

export interface CatalogOptions {
  readonly capacity: number
  readonly timeoutMs: number
  /** Share of requests that are sampled; of these, hits are compared with the database afterwards. 0 to 1. */
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
    this.#revalidation = new Revalidation(options.revalidateShare, this.batches, (row, served) => {
      this.#observer.known?.(row)
      this.#observer.compared?.(row.version !== served.row.version)
    })
  }

  async get(id: number): Promise<Answer> {
    const startedAtMs = this.#options.now()
    this.requests++
    const fresh = this.#cache.fresh(id, startedAtMs, this.#settings.ttlMs)
    this.#observer.looked?.(id, fresh !== undefined)
    const sampled = this.#revalidation.chooses()
    if (fresh) {
      if (sampled) this.#revalidation.add(fresh)
      this.#observer.done?.(this.#options.now() - startedAtMs, false)
      return { status: 200, hit: true, row: fresh.row }
    }
    this.misses++
    if (sampled) this.#observer.compared?.(false)
    const row = await this.#withinTime(this.#loading.get(id) ?? this.#load(id))
    const failed = row === TIMED_OUT
    this.#observer.done?.(this.#options.now() - startedAtMs, failed)
    if (failed) return { status: 504, hit: false, row: undefined }
    return { status: row ? 200 : 404, hit: false, row }
  }

  close(): void {
    this.#revalidation.close()
  }

  #load(id: number): Promise<Row | undefined> {
    const loading = this.batches
      .load(id)
      .then(({ row, readAtMs }) => {
        if (row) {
          this.#cache.fill(row, readAtMs)
          this.#observer.known?.(row)
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
