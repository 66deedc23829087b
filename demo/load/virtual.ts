import { costOf } from '../scenario.js'
import type { Schedule } from './schedule.js'

/**
 * The cost of every second at a fixed TTL in virtual time: the schedule goes through a cache whose database answers at
 * once. What is left is the TTL's part of the cost, misses and stale answers, exactly; a run of minutes takes milliseconds.
 */
export function virtualCosts({ requests, updates, seconds }: Schedule, rows: number, ttlMs: number): Float64Array {
  const filledAt = new Float64Array(rows + 1).fill(Number.NEGATIVE_INFINITY)
  const held = new Int32Array(rows + 1)
  const current = new Int32Array(rows + 1)
  const counts = new Float64Array(3 * Math.ceil(seconds))
  const count = (second: number, what: number) => {
    counts[3 * second + what] = (counts[3 * second + what] as number) + 1
  }
  let update = 0
  for (let i = 0; i < requests.atMs.length; i++) {
    const at = requests.atMs[i] as number
    const row = requests.row[i] as number
    for (; update < updates.atMs.length && (updates.atMs[update] as number) <= at; update++) {
      const changed = updates.row[update] as number
      current[changed] = (current[changed] as number) + 1
    }
    const second = Math.floor(at / 1000)
    count(second, 0)
    if (at - (filledAt[row] as number) >= ttlMs) {
      count(second, 1)
      filledAt[row] = at
      held[row] = current[row] as number
    } else if (held[row] !== current[row]) count(second, 2)
  }
  return Float64Array.from({ length: Math.ceil(seconds) }, (_, second) => {
    const [all, misses, stale] = counts.subarray(3 * second, 3 * second + 3) as unknown as [number, number, number]
    return all === 0 ? 0 : costOf({ missRate: misses / all, staleRate: stale / all, p99Ms: 0, errorRate: 0 })
  })
}
