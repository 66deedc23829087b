/** Slices of a second; the oldest goes when a new one begins. */
const SLICES = 10
/** Latencies kept per slice; beyond them a slice is a sample of its first ones. */
const MOST = 4096

/** The 99th percentile of the last second's latencies. Adding one is a push; {@link turn} is called ten times a second. */
export class Tail {
  readonly #slices: number[][] = Array.from({ length: SLICES }, () => [])
  #at = 0
  #open = this.#slices[0] as number[]

  add(latencyMs: number): void {
    if (this.#open.length < MOST) this.#open.push(latencyMs)
  }

  /** Begins the next slice. */
  turn(): void {
    this.#at = (this.#at + 1) % SLICES
    this.#open = this.#slices[this.#at] as number[]
    this.#open.length = 0
  }

  /** Nearest rank; 0 when nothing came. */
  p99(): number {
    const sorted = Float64Array.from(this.#slices.flat()).sort()
    return sorted[Math.max(0, Math.ceil(sorted.length * 0.99) - 1)] ?? 0
  }
}
