/**
 * Signals: what the application reports per request, and what each becomes in the objective once per window.
 */
import type { Report, ReportCount, ReportRatio } from '../memory/ring.js'

export type SignalKind = 'duration' | 'ratio' | 'count' | 'gauge'

export interface RatioOptions {
  /**
   * Marks a ratio that must not rise unexpectedly, such as an error rate: a sequential test pulls the configuration back
   * when it does. Default false.
   */
  guard?: boolean
}

/** A declared signal of kind `K`. */
export interface Signal<out K extends SignalKind = SignalKind> {
  readonly kind: K
  readonly options: Readonly<RatioOptions>
}
export type SignalSpecs = Readonly<Record<string, Signal>>

/** A window's durations, in milliseconds; NaN where the window had none. */
export interface DurationMetrics {
  readonly mean: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
  readonly count: number
}
export type DurationStat = keyof DurationMetrics

/** What a signal is in the objective: durations an object, ratios and gauges their mean, counts a rate per second. */
export type Metric<S> = S extends Signal<'duration'> ? DurationMetrics : number
/** Metrics by signal name, as `minimize` receives them. The object is reused from window to window: do not keep it. */
export type Metrics<S extends SignalSpecs> = { readonly [N in keyof S]: Metric<S[N]> }

/** The function that reports one sample of a signal. Never throws, blocks or allocates. */
export type Reporter<S> = S extends Signal<'ratio'> ? ReportRatio : S extends Signal<'count'> ? ReportCount : Report
export type SignalReporters<S extends SignalSpecs> = { readonly [N in keyof S]: Reporter<S[N]> }

/** What a constraint may bound: `latency.p99` for durations, the bare name for the others. */
export type ConstraintKey<S extends SignalSpecs> = {
  [N in keyof S & string]: S[N] extends Signal<'duration'> ? `${N}.${DurationStat}` : N
}[keyof S & string]

function make<K extends SignalKind>(kind: K, options: RatioOptions = {}): Signal<K> {
  return Object.freeze({ kind, options: Object.freeze({ ...options }) })
}

/** Builders, one per kind of signal. */
export const signal: {
  /** Durations in milliseconds: `signals.latency(12.5)`. In the objective: mean, p50, p90, p99, max, count. */
  duration(): Signal<'duration'>
  /** A share: `signals.miss(true)`. In the objective: the mean, 0 to 1. */
  ratio(options?: RatioOptions): Signal<'ratio'>
  /** Things that happen: `signals.queries()` or `signals.bytes(512)`. In the objective: their sum per second. */
  count(): Signal<'count'>
  /** A level: `signals.queueLength(17)`. In the objective: the mean of what was reported. */
  gauge(): Signal<'gauge'>
} = {
  duration: () => make('duration'),
  ratio: (options) => make('ratio', options),
  count: () => make('count'),
  gauge: () => make('gauge'),
}
