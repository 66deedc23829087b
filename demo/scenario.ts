import json from '../fixtures/scenario.json' with { type: 'json' }

export interface Phase {
  readonly name: string
  /** Share of the run. */
  readonly share: number
  readonly requestsPerSecond: number
  readonly updatesPerSecond: number
  /** Wait per query inside the database, which answers one query at a time. */
  readonly databaseDelayMs: number
  /** Number of keys that a flash crowd asks for, and the share of reads that go to them. */
  readonly hotKeys?: number
  readonly hotShare?: number
}

export interface Scenario {
  readonly rows: number
  readonly zipf: number
  readonly static: { readonly ttlMs: number }
  readonly bounds: { readonly ttlMs: { readonly min: number; readonly max: number } }
  readonly timeoutMs: number
  readonly phases: readonly Phase[]
  readonly churn: { readonly everySeconds: number; readonly swapRanksShare: number }
}

/** First of the popularity ranks that a flash crowd asks for ("ranks 101 to 150"), counted from 1. */
export const HOT_FROM_RANK = 101

/** An answer may be this much older than the row before it counts as stale. */
export const STALE_TOLERANCE_MS = 50

export const scenario: Scenario = json

export interface PhaseSpan extends Phase {
  readonly index: number
  readonly fromMs: number
  readonly toMs: number
}

export function phaseSpans(seconds: number, of: Scenario = scenario): PhaseSpan[] {
  let fromMs = 0
  return of.phases.map((phase, index) => {
    const span = { ...phase, index, fromMs, toMs: fromMs + phase.share * seconds * 1000 }
    fromMs = span.toMs
    return span
  })
}

export interface SecondOf {
  readonly missRate: number
  readonly staleRate: number
  readonly p99Ms: number
  readonly errorRate: number
}

/** The cost of one second, exactly as `cost` in the scenario says. Lower is better. */
export function costOf(second: SecondOf): number {
  return 10 * second.missRate + 20 * second.staleRate + 5 * Math.max(0, second.p99Ms / 100 - 1) + 20 * second.errorRate
}
