/** Slices of the second; the oldest goes when a new one begins. */
export const TAIL_SLICES = 4
export const TAIL_SLICE_MS = 1000 / TAIL_SLICES
/** Buckets are 2 % wide, from 0.1 ms on; the last one takes what is slower. */
const WIDTH = Math.log(1.02)
const LOWEST_MS = 0.1
const BUCKETS = 600

/**
 * The 99th percentile of the last second's latencies, to within 2 %. Adding one is an increment and allocates nothing;
 * {@link turn} is called every {@link TAIL_SLICE_MS}.
 */
export class Tail {
  readonly #slices = Array.from({ length: TAIL_SLICES }, () => new Uint32Array(BUCKETS))
  readonly #counts = new Uint32Array(TAIL_SLICES)
  readonly #sum = new Uint32Array(BUCKETS)
  #at = 0

  add(latencyMs: number): void {
    const bucket =
      latencyMs <= LOWEST_MS ? 0 : Math.min(BUCKETS - 1, Math.floor(Math.log(latencyMs / LOWEST_MS) / WIDTH))
    const slice = this.#slices[this.#at] as Uint32Array
    slice[bucket] = (slice[bucket] as number) + 1
    this.#sum[bucket] = (this.#sum[bucket] as number) + 1
    this.#counts[this.#at] = (this.#counts[this.#at] as number) + 1
  }

  /** Begins the next slice. */
  turn(): void {
    this.#at = (this.#at + 1) % TAIL_SLICES
    const oldest = this.#slices[this.#at] as Uint32Array
    for (let i = 0; i < BUCKETS; i++) this.#sum[i] = (this.#sum[i] as number) - (oldest[i] as number)
    oldest.fill(0)
    this.#counts[this.#at] = 0
  }

  /** Nearest rank, the upper end of its bucket; 0 when nothing came. */
  p99(): number {
    let count = 0
    for (const one of this.#counts) count += one
    if (count === 0) return 0
    let above = count - Math.ceil(count * 0.99)
    for (let i = BUCKETS - 1; i >= 0; i--) {
      above -= this.#sum[i] as number
      if (above < 0) return LOWEST_MS * Math.exp((i + 1) * WIDTH)
    }
    return 0
  }
}
