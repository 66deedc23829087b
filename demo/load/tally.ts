import { costOf } from '../scenario.js'

/** One request's outcome. A failed request is no hit and is not stale. */
export interface Outcome {
  readonly latencyMs: number
  readonly hit: boolean
  readonly stale: boolean
  readonly failed: boolean
}

/** One second of one instance; rates are shares of all requests that were scheduled in it. */
export interface SecondReport {
  readonly requests: number
  readonly missRate: number
  readonly staleRate: number
  readonly errorRate: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly cost: number
}

/** Adds up outcomes; percentiles are nearest-rank over every request, nothing is sampled. */
export class Tally {
  #misses = 0
  #stale = 0
  #failed = 0
  readonly latenciesMs: number[] = []

  add(outcome: Outcome): void {
    if (!outcome.hit) this.#misses++
    if (outcome.stale) this.#stale++
    if (outcome.failed) this.#failed++
    this.latenciesMs.push(outcome.latencyMs)
  }

  addAll(other: Tally): void {
    this.#misses += other.#misses
    this.#stale += other.#stale
    this.#failed += other.#failed
    for (const latencyMs of other.latenciesMs) this.latenciesMs.push(latencyMs)
  }

  report(): SecondReport {
    const requests = this.latenciesMs.length
    const sorted = Float64Array.from(this.latenciesMs).sort()
    const share = (count: number) => (requests === 0 ? 0 : count / requests)
    const second = {
      requests,
      missRate: share(this.#misses),
      staleRate: share(this.#stale),
      errorRate: share(this.#failed),
      p50Ms: percentile(sorted, 0.5),
      p99Ms: percentile(sorted, 0.99),
    }
    return { ...second, cost: costOf(second) }
  }
}

/** Nearest rank of sorted values; 0 where there are none. */
export function percentile(sorted: Float64Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0
}
