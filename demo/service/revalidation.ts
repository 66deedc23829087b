import type { Batches } from './batches.js'
import type { Entry } from './cache.js'
import type { Row } from './rows.js'

const COLLECT_MS = 400
const MOST_WAITING = 256

/**
 * Compares a small share of the answers that came from the cache with the database, together in one query every
 * {@link COLLECT_MS}. It only observes: what it finds is not put into the cache, so that the two instances differ in
 * their settings and in nothing else.
 */
export class Revalidation {
  readonly #waiting: Entry[] = []
  #timer: NodeJS.Timeout | undefined
  #busy = false
  /** Hits that were chosen but not compared because too many waited already. */
  dropped = 0

  readonly #share: number
  readonly #batches: Batches
  readonly #found: (row: Row, served: Entry) => void
  constructor(share: number, batches: Batches, found: (row: Row, served: Entry) => void) {
    this.#share = share
    this.#batches = batches
    this.#found = found
  }

  /** Whether the request at hand is one of the share; independent draws, so that no rhythm of the traffic can hide. */
  chooses(): boolean {
    return this.#share > 0 && Math.random() < this.#share
  }

  add(served: Entry): void {
    if (this.#waiting.length >= MOST_WAITING) {
      this.dropped++
      return
    }
    this.#waiting.push(served)
    this.#schedule()
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#waiting.length = 0
    this.#busy = true
  }

  #schedule(): void {
    if (!this.#busy) this.#timer ??= setTimeout(() => void this.#compare(), COLLECT_MS)
  }

  async #compare(): Promise<void> {
    this.#timer = undefined
    this.#busy = true
    const samples = this.#waiting.splice(0)
    try {
      const { rows } = await this.#batches.readAside([...new Set(samples.map(({ row }) => row.id))])
      const byId = new Map(rows.map((row) => [row.id, row]))
      for (const served of samples) {
        const row = byId.get(served.row.id)
        if (row) this.#found(row, served)
      }
      this.#busy = false
      if (this.#waiting.length > 0) this.#schedule()
    } catch {
      // The database has ended; requests report that, a comparison has nobody to tell.
    }
  }
}
