import type { Row } from './rows.js'

export interface Entry {
  readonly row: Row
  /** When the row was read from the database, in ms of the monotonic clock. */
  readonly readAtMs: number
}

/**
 * A cache with one time to live, which is compared at lookup: a shorter one takes effect on what is cached already.
 * Entries that are too old stay until a refresh replaces them, which is how a refresh can tell what changed. The bound
 * is the catalogue's size; beyond `capacity` the entry that was filled longest ago goes.
 */
export class TtlCache {
  readonly #entries = new Map<number, Entry>()

  readonly capacity: number
  constructor(capacity: number) {
    this.capacity = capacity
  }

  /** The entry, fresh or not; `undefined` when the row was never read. */
  peek(id: number): Entry | undefined {
    return this.#entries.get(id)
  }

  fresh(id: number, nowMs: number, ttlMs: number): Entry | undefined {
    const entry = this.#entries.get(id)
    return entry !== undefined && nowMs - entry.readAtMs < ttlMs ? entry : undefined
  }

  fill(row: Row, readAtMs: number): void {
    this.#entries.delete(row.id)
    if (this.#entries.size >= this.capacity) {
      for (const oldest of this.#entries.keys()) {
        this.#entries.delete(oldest)
        break
      }
    }
    this.#entries.set(row.id, { row, readAtMs })
  }
}
