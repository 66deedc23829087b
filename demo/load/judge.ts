import { STALE_TOLERANCE_MS } from '../scenario.js'
import type { Events } from './schedule.js'

/** Knows from the schedule of updates which version of a row was current when: the judge outside the service. */
export class Judge {
  readonly #updatesOf = new Map<number, number[]>()

  constructor(updates: Events) {
    updates.row.forEach((row, i) => {
      const times = this.#updatesOf.get(row)
      const atMs = updates.atMs[i] as number
      if (times) times.push(atMs)
      else this.#updatesOf.set(row, [atMs])
    })
  }

  /** Rows begin at version 0 and gain one with each update. */
  versionAt(row: number, atMs: number): number {
    const times = this.#updatesOf.get(row)
    if (!times) return 0
    let low = 0
    let high = times.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((times[middle] as number) <= atMs) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Whether an answer that arrived at `atMs` was out of date by then, beyond the tolerance. */
  isStale(row: number, version: number, atMs: number): boolean {
    return version < this.versionAt(row, atMs - STALE_TOLERANCE_MS)
  }
}
