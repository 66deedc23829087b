/** Times of the latest runs. */
const KEPT = 512

export class Latencies {
  readonly #latest: number[] = []
  #next = 0

  add(ms: number): void {
    this.#latest[this.#next] = ms
    this.#next = (this.#next + 1) % KEPT
  }

  /** NaN without any. */
  quantile(share: number): number {
    const sorted = [...this.#latest].sort((a, b) => a - b)
    return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
  }
}
