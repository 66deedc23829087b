/**
 * What `minimize` receives, and how constraints become one margin. The metrics object is made once and refilled per window.
 */
import { METRIC_STRIDE } from '../binding.js'
import type { SignalShape } from '../memory/views.js'
import type { ResolvedConstraint } from '../schema/resolve-constraints.js'

const [COUNT, SUM, MEAN, , MAX, P50, P90, P99] = [0, 1, 2, 3, 4, 5, 6, 7]

export class WindowMetrics {
  /** By signal name; see `Metrics` in `schema/signal.ts`. */
  readonly view: Record<string, number | Record<string, number>> = {}
  /** As written by the core: for learning, then of all samples. */
  readonly raw: Float64Array
  /** A signal whose mean the objective may read had no sample that counts. */
  incomplete = true
  readonly #signals: readonly SignalShape[]

  constructor(signals: readonly SignalShape[]) {
    this.#signals = signals
    this.raw = new Float64Array(2 * signals.length * METRIC_STRIDE)
    for (const signal of signals) {
      this.view[signal.name] = signal.kind === 'duration' ? { mean: 0, p50: 0, p90: 0, p99: 0, max: 0, count: 0 } : 0
    }
  }

  /** Refills the view from {@link raw}, for a window of `seconds`. */
  fill(seconds: number): void {
    const { raw, view } = this
    this.incomplete = false
    for (let i = 0; i < this.#signals.length; i++) {
      const { name, kind } = this.#signals[i] as SignalShape
      const at = i * METRIC_STRIDE
      const count = raw[at + COUNT] as number
      if (kind === 'count') {
        view[name] = (raw[at + SUM] as number) / seconds
        continue
      }
      const none = count === 0
      if (none) this.incomplete = true
      if (kind !== 'duration') {
        view[name] = none ? Number.NaN : (raw[at + MEAN] as number)
        continue
      }
      const stats = view[name] as Record<string, number>
      stats.count = count
      stats.mean = none ? Number.NaN : (raw[at + MEAN] as number)
      stats.p50 = none ? Number.NaN : (raw[at + P50] as number)
      stats.p90 = none ? Number.NaN : (raw[at + P90] as number)
      stats.p99 = none ? Number.NaN : (raw[at + P99] as number)
      stats.max = none ? Number.NaN : (raw[at + MAX] as number)
    }
  }

  /** The worst constraint's (limit - value) / |limit|, over all samples; NaN when no constraint can be judged. */
  margin(constraints: readonly ResolvedConstraint[], seconds: number): number {
    const half = this.raw.length / 2
    let worst = Number.NaN
    for (const constraint of constraints) {
      const samples = this.raw[half + constraint.signal * METRIC_STRIDE + COUNT] as number
      if (samples === 0 && !constraint.perSecond && !constraint.key.endsWith('.count')) continue
      const value = (this.raw[half + constraint.at] as number) / (constraint.perSecond ? seconds : 1)
      if (constraint.max !== undefined)
        worst = smaller(worst, (constraint.max - value) / (Math.abs(constraint.max) || 1))
      if (constraint.min !== undefined)
        worst = smaller(worst, (value - constraint.min) / (Math.abs(constraint.min) || 1))
    }
    return worst
  }
}

function smaller(a: number, b: number): number {
  if (Number.isNaN(b)) return a
  return Number.isNaN(a) || b < a ? b : a
}
