import { readFileSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { PGlite } from '@electric-sql/pglite'
import { monotonicMs } from '../clock.js'
import { buildSchedule, type Schedule } from '../load/schedule.js'
import { scenario } from '../scenario.js'
import type { Row } from './rows.js'

/** What the worker is started with. */
export interface DatabaseWorkerData {
  readonly role: 'database'
  readonly template: string
}

export type ToDatabase =
  | { readonly type: 'read'; readonly query: number; readonly ids: readonly number[] }
  /** The world begins to move: updates and delays of this traffic, from this moment of the monotonic clock. */
  | { readonly type: 'begin'; readonly startMs: number; readonly seconds: number; readonly seed: number }

export type FromDatabase =
  | { readonly type: 'open' }
  | { readonly type: 'rows'; readonly query: number; readonly rows: readonly Row[]; readonly readAtMs: number }
  | { readonly type: 'failed'; readonly query: number; readonly message: string }

const READ = 'select id, version, name, price_cents as "priceCents" from item where id = any($1)'
const UPDATE = 'update item set version = version + 1, price_cents = price_cents + 1 + version % 97 where id = $1'

/**
 * An embedded PostgreSQL that answers one query at a time, and a world that changes its rows. The service sees neither
 * the schedule of the updates nor that of the delays; updates are another client's and go before waiting reads, so that
 * a row changes when the schedule says so even while reads queue.
 */
export async function runDatabaseWorker(): Promise<void> {
  const port = parentPort
  if (!port) throw new Error('the database runs in a worker thread')
  const { template } = workerData as DatabaseWorkerData
  const database = await PGlite.create({ loadDataDir: new Blob([readFileSync(template)]), relaxedDurability: true })
  // The first queries after opening are tens of times slower; they would be charged to the first second of a run.
  for (let i = 0; i < 50; i++) await database.query<Row>(READ, [[1 + i]])
  const world = new World()
  const waiting: { query: number; ids: readonly number[] }[] = []
  let wake: (() => void) | undefined

  port.on('message', (message: ToDatabase) => {
    if (message.type === 'begin') world.begin(message)
    else waiting.push(message)
    wake?.()
  })
  port.postMessage({ type: 'open' } satisfies FromDatabase)

  for (;;) {
    for (let row = world.due(); row !== undefined; row = world.due()) await database.query(UPDATE, [row])
    const next = waiting.shift()
    if (next === undefined) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, world.untilNextMs())
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      wake = undefined
      continue
    }
    const delayMs = world.delayMs()
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs))
    try {
      const readAtMs = monotonicMs()
      const { rows } = await database.query<Row>(READ, [next.ids])
      port.postMessage({ type: 'rows', query: next.query, rows, readAtMs } satisfies FromDatabase)
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      port.postMessage({ type: 'failed', query: next.query, message } satisfies FromDatabase)
    }
  }
}

/** Updates and delays by the schedule; nothing happens before `begin`, nor after the end. */
class World {
  #startMs = 0
  #schedule: Schedule | undefined
  #next = 0

  begin({ startMs, seconds, seed }: { startMs: number; seconds: number; seed: number }): void {
    this.#schedule = buildSchedule(scenario, seconds, seed)
    this.#startMs = startMs
    this.#next = 0
  }

  /** The next row whose update is due, if one is. */
  due(): number | undefined {
    const updates = this.#schedule?.updates
    const at = updates?.atMs[this.#next]
    if (updates === undefined || at === undefined || this.#startMs + at > monotonicMs()) return undefined
    return updates.row[this.#next++]
  }

  untilNextMs(): number {
    const at = this.#schedule?.updates.atMs[this.#next]
    return at === undefined ? 1000 : Math.min(1000, Math.max(0, this.#startMs + at - monotonicMs()))
  }

  delayMs(): number {
    const at = monotonicMs() - this.#startMs
    return this.#schedule?.phases.find(({ fromMs, toMs }) => at >= fromMs && at < toMs)?.databaseDelayMs ?? 0
  }
}
