import DataLoader from 'dataloader'
import { Pool } from './pool.js'
import type { Row } from './rows.js'
import type { Settings } from './settings.js'

export interface ReadRow {
  readonly row: Row | undefined
  readonly readAtMs: number
}

export interface Database {
  /** One query for all of `ids`; rows that do not exist are missing from the answer. */
  read(ids: readonly number[]): Promise<{ rows: readonly Row[]; readAtMs: number }>
}

/** What the service tells about its database path; the tuned instance listens. */
export interface DatabaseObserver {
  /** A key began to wait for its batch. */
  asked?(nowMs: number): void
  /** A query beside the batches was sent. */
  askedAside?(nowMs: number): void
  /** A query was answered. Times as the service sees them. */
  answered?(sentAtMs: number, answeredAtMs: number): void
}

/**
 * Reads rows in batches: npm `dataloader` with its own default schedule, or with a linger; then a pool. DataLoader's own
 * cache is off, since freshness is the business of the cache in front.
 */
export class Batches {
  queries = 0
  keys = 0
  readonly #pool: Pool
  #atOnce: DataLoader<number, ReadRow>
  #lingering: DataLoader<number, ReadRow>
  #batchSize: number
  readonly #linger = { batchScheduleFn: (run: () => void): unknown => setTimeout(run, this.#settings.lingerMs) }
  readonly #database: Database
  readonly #settings: Settings
  readonly #now: () => number
  readonly #observer: DatabaseObserver

  constructor(database: Database, settings: Settings, now: () => number, observer: DatabaseObserver = {}) {
    this.#database = database
    this.#settings = settings
    this.#now = now
    this.#observer = observer
    this.#pool = new Pool(() => this.#settings.inFlight)
    this.#batchSize = settings.batchSize
    this.#atOnce = this.#create({})
    this.#lingering = this.#create(this.#linger)
  }

  load(id: number): Promise<ReadRow> {
    // DataLoader takes its batch size when it is created; what the old one has in hand it still answers.
    if (this.#settings.batchSize !== this.#batchSize) {
      this.#batchSize = this.#settings.batchSize
      this.#atOnce = this.#create({})
      this.#lingering = this.#create(this.#linger)
    }
    this.#observer.asked?.(this.#now())
    return (this.#settings.lingerMs < 1 ? this.#atOnce : this.#lingering).load(id)
  }

  /** A query of its own beside the batches, for reads that nobody waits for. */
  readAside(ids: readonly number[]): Promise<{ rows: readonly Row[]; readAtMs: number }> {
    this.#observer.askedAside?.(this.#now())
    return this.#query(ids)
  }

  #create(schedule: { batchScheduleFn?: (run: () => void) => void }): DataLoader<number, ReadRow> {
    const options = { cache: false, maxBatchSize: this.#batchSize, ...schedule }
    return new DataLoader<number, ReadRow>((ids) => this.#readBatch(ids), options)
  }

  async #readBatch(ids: readonly number[]): Promise<ReadRow[]> {
    const { rows, readAtMs } = await this.#query(ids)
    const byId = new Map(rows.map((row) => [row.id, row]))
    return ids.map((id) => ({ row: byId.get(id), readAtMs }))
  }

  #query(ids: readonly number[]): Promise<{ rows: readonly Row[]; readAtMs: number }> {
    return this.#pool.run(async () => {
      this.queries++
      this.keys += ids.length
      const sentAtMs = this.#now()
      const answer = await this.#database.read(ids)
      this.#observer.answered?.(sentAtMs, this.#now())
      return answer
    })
  }
}
