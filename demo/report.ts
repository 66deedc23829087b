import { meanCost } from './live.js'
import type { SecondReport } from './load/tally.js'
import type { Change, ServiceFinal } from './messages.js'
import type { RunResult } from './run.js'
import { phaseSpans } from './scenario.js'

/** A window counts as worse when the tuned instance costs more than this times the static one. */
export const WORSE_FROM = 1.1

export interface InstanceReport {
  readonly cost: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly missRate: number
  readonly staleRate: number
  readonly errorRate: number
  readonly databaseQueries: number
}

export interface Report {
  readonly static: InstanceReport
  readonly tuned: InstanceReport
  readonly changes: readonly Change[]
  /** Live values outside what the guardrails allow, as the journal shows them. */
  readonly breaches: number
  readonly journal: string | null
  readonly seconds: number
  readonly seed: number
  /** True where the tuned instance had the first place. */
  readonly swapped: boolean
  /** True where `tuned` is a second static instance. */
  readonly staticVsStatic: boolean
  /** Share of seconds in which the tuned instance cost more than 10 % more than the static one. */
  readonly worseWindows: number
  /** The same share for windows of 5 and 10 s, in which one second's chance counts less. */
  readonly worseWindowsOf: { readonly '5s': number; readonly '10s': number }
  readonly phases: readonly { name: string; seconds: number; static: number; tuned: number }[]
  readonly perSecond: { readonly static: readonly SecondReport[]; readonly tuned: readonly SecondReport[] }
  /** How late the loader itself sent requests. */
  readonly loader: { readonly lagP99Ms: number; readonly lagMaxMs: number }
  readonly explanation: readonly string[]
}

export interface ReportOptions {
  readonly seconds: number
  readonly seed: number
  readonly swapped: boolean
  readonly staticVsStatic: boolean
}

/** @param result of two instances, the static one first unless `swapped` */
export function buildReport(result: RunResult, options: ReportOptions): Report {
  const [fixed, tuned] = options.swapped ? [1, 0] : [0, 1]
  const final = result.finals[tuned] as ServiceFinal
  const perSecond = {
    static: result.perSecond.map((second) => second[fixed] as SecondReport),
    tuned: result.perSecond.map((second) => second[tuned] as SecondReport),
  }
  const paired = perSecond.static.map((second, index) => ({
    index,
    static: second,
    tuned: perSecond.tuned[index] as SecondReport,
  }))
  return {
    static: instanceReport(result, fixed),
    tuned: instanceReport(result, tuned),
    changes: final.changes,
    breaches: final.breaches,
    journal: final.journal,
    ...options,
    worseWindows: worseShare(perSecond.static, perSecond.tuned, 1),
    worseWindowsOf: {
      '5s': worseShare(perSecond.static, perSecond.tuned, 5),
      '10s': worseShare(perSecond.static, perSecond.tuned, 10),
    },
    phases: phaseSpans(options.seconds).map((phase) => ({
      name: phase.name,
      seconds: (phase.toMs - phase.fromMs) / 1000,
      static: meanCost(paired, phase, 'static') ?? 0,
      tuned: meanCost(paired, phase, 'tuned') ?? 0,
    })),
    perSecond,
    loader: { lagP99Ms: result.lagP99Ms, lagMaxMs: result.lagMaxMs },
    explanation: final.explanation,
  }
}

/** Share of windows of `length` seconds, one after the other, in which tuning cost clearly more. */
export function worseShare(fixed: readonly SecondReport[], tuned: readonly SecondReport[], length: number): number {
  const windows = Math.floor(tuned.length / length)
  const cost = (of: readonly SecondReport[], window: number): number =>
    of.slice(window * length, (window + 1) * length).reduce((sum, second) => sum + second.cost, 0)
  let worse = 0
  for (let i = 0; i < windows; i++) if (cost(tuned, i) > WORSE_FROM * cost(fixed, i)) worse++
  return windows === 0 ? 0 : worse / windows
}

function instanceReport(result: RunResult, at: number): InstanceReport {
  const { cost, p50Ms, p99Ms, missRate, staleRate, errorRate } = result.totals[at] as SecondReport
  const { databaseQueries } = result.finals[at] as ServiceFinal
  return { cost, p50Ms, p99Ms, missRate, staleRate, errorRate, databaseQueries }
}
