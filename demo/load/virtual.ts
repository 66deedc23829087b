import { costOf } from '../scenario.js'
import type { Schedule } from './schedule.js'

export type Outcome = 'hit' | 'stale' | 'miss'

/**
 * The schedule in virtual time: it goes through a cache whose database answers at once. What is left is the TTL's part of
 * the cost, misses and stale answers, exactly; a run of minutes takes milliseconds.
 */
export class VirtualCache {
  readonly #schedule: Schedule
  readonly #filledAt: Float64Array
  readonly #held: Int32Array
  readonly #current: Int32Array
  /** Per second: requests, misses, stale answers. */
  readonly #counts: Float64Array

  constructor(schedule: Schedule, rows: number) {
    this.#schedule = schedule
    this.#filledAt = new Float64Array(rows + 1).fill(Number.NEGATIVE_INFINITY)
    this.#held = new Int32Array(rows + 1)
    this.#current = new Int32Array(rows + 1)
    this.#counts = new Float64Array(3 * Math.ceil(schedule.seconds))
  }

  /** @param ttlMsAt the TTL that a request at this moment is answered with; @param seen told of every answer */
  run(ttlMsAt: (atMs: number) => number, seen?: (row: number, outcome: Outcome, version: number) => void): void {
    const { requests, updates } = this.#schedule
    let update = 0
    for (let i = 0; i < requests.atMs.length; i++) {
      const at = requests.atMs[i] as number
      const row = requests.row[i] as number
      for (; update < updates.atMs.length && (updates.atMs[update] as number) <= at; update++) {
        const changed = updates.row[update] as number
        this.#current[changed] = (this.#current[changed] as number) + 1
      }
      const outcome = this.#answer(row, at, ttlMsAt(at))
      seen?.(row, outcome, this.#current[row] as number)
    }
  }

  /** Cost of every second so far. */
  costs(): Float64Array {
    return Float64Array.from({ length: this.#counts.length / 3 }, (_, second) => {
      const [all, misses, stale] = this.#counts.subarray(3 * second, 3 * second + 3) as unknown as number[] as [
        number,
        number,
        number,
      ]
      return all === 0 ? 0 : costOf({ missRate: misses / all, staleRate: stale / all, p99Ms: 0, errorRate: 0 })
    })
  }

  #answer(row: number, at: number, ttlMs: number): Outcome {
    const second = Math.floor(at / 1000)
    this.#count(second, 0)
    if (at - (this.#filledAt[row] as number) >= ttlMs) {
      this.#count(second, 1)
      this.#filledAt[row] = at
      this.#held[row] = this.#current[row] as number
      return 'miss'
    }
    if (this.#held[row] === this.#current[row]) return 'hit'
    this.#count(second, 2)
    return 'stale'
  }

  #count(second: number, what: number): void {
    this.#counts[3 * second + what] = (this.#counts[3 * second + what] as number) + 1
  }
}

/** The cost of every second at a fixed TTL in virtual time. */
export function virtualCosts(schedule: Schedule, rows: number, ttlMs: number): Float64Array {
  const cache = new VirtualCache(schedule, rows)
  cache.run(() => ttlMs)
  return cache.costs()
}
