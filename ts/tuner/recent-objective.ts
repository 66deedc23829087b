export interface ObjectiveState {
  readonly last: number | null
  readonly mean: number | null
  readonly low: number | null
  readonly high: number | null
  readonly windows: number
}

const WINDOWS = 120
/** Two-sided, 95 %, of the normal distribution. */
const Z = 1.96

/**
 * The objective's mean over the last windows with its 95 % interval. Windows resemble their neighbours, so they count for as many
 * independent ones as their autocorrelation at lag one leaves: n (1 - r) / (1 + r).
 */
export class RecentObjective {
  readonly #values: number[] = []

  take(value: number): void {
    this.#values.push(value)
    if (this.#values.length > WINDOWS) this.#values.shift()
  }

  get state(): ObjectiveState {
    const values = this.#values
    const n = values.length
    const last = values.at(-1) ?? null
    if (n === 0) return { last, mean: null, low: null, high: null, windows: 0 }
    const mean = values.reduce((sum, value) => sum + value, 0) / n
    if (n < 3) return { last, mean, low: null, high: null, windows: n }
    let squares = 0
    let neighbours = 0
    values.forEach((value, i) => {
      squares += (value - mean) ** 2
      if (i > 0) neighbours += (value - mean) * ((values[i - 1] as number) - mean)
    })
    const r = squares === 0 ? 0 : Math.min(0.98, Math.max(0, neighbours / squares))
    const independent = Math.max(2, (n * (1 - r)) / (1 + r))
    const half = Z * Math.sqrt(squares / (n - 1) / independent)
    return { last, mean, low: mean - half, high: mean + half, windows: n }
  }
}
