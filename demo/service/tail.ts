/** The 99th percentile of the last second's latencies, kept in ten slices so that reading it is cheap. */
const SLICES = 10
const SLICE_MS = 100

export class Tail {
  readonly #slices: number[][] = Array.from({ length: SLICES }, () => [])
  #slice = 0

  add(latencyMs: number, nowMs: number): void {
    this.#turn(nowMs)
    ;(this.#slices[this.#slice % SLICES] as number[]).push(latencyMs)
  }

  /** Nearest rank; 0 when nothing came. */
  p99(nowMs: number): number {
    this.#turn(nowMs)
    const sorted = Float64Array.from(this.#slices.flat()).sort()
    return sorted[Math.max(0, Math.ceil(sorted.length * 0.99) - 1)] ?? 0
  }

  #turn(nowMs: number): void {
    const slice = Math.floor(nowMs / SLICE_MS)
    for (let passed = Math.min(SLICES, slice - this.#slice); passed > 0; passed--) {
      ;(this.#slices[(slice - passed + 1) % SLICES] as number[]).length = 0
    }
    this.#slice = slice
  }
}
