import { percentile } from '../load/tally.js'
import type { Visit } from './load.js'
import { ROUTES } from './topology.js'

/** Some of the visits: of a second, of a phase. */
export interface Share {
  readonly requests: number
  /** Of all; 1 where nobody came. */
  readonly served: number
  /** Of those that do not need the broken part. */
  readonly servedOthers: number
  /** Of all requests, in ms; a user who left counts with the patience. */
  readonly p99Ms: number
}

export interface HalfReport {
  readonly guarded: boolean
  readonly perSecond: readonly Share[]
  readonly calm: Share
  readonly broken: Share
  readonly after: Share
  /** From the repair until at least 95 % of all are served for good, in ms; `null` where that was not seen. */
  readonly recoveryMs: number | null
  /** The same of those that do not need the broken part: 0 where they never were below it since the repair. */
  readonly recoveryOthersMs: number | null
  /** Why requests were not served, the most frequent reasons first. */
  readonly reasons: Readonly<Record<string, number>>
  readonly breakAtMs: number
  readonly repairAtMs: number
}

export const SERVED_ENOUGH = 0.95
/** Recovery is looked at in windows of this length. */
const WINDOW_MS = 250

export function share(visits: readonly Visit[]): Share {
  const others = visits.filter(({ route }) => !ROUTES[route].needsDatabase)
  const latencies = Float64Array.from(visits, ({ latencyMs }) => latencyMs).sort()
  return {
    requests: visits.length,
    served: servedOf(visits),
    servedOthers: servedOf(others),
    p99Ms: percentile(latencies, 0.99),
  }
}

function servedOf(visits: readonly Visit[]): number {
  return visits.length === 0 ? 1 : visits.filter(({ served }) => served).length / visits.length
}

export function report(
  visits: readonly Visit[],
  guarded: boolean,
  seconds: number,
  breakAtMs: number,
  repairAtMs: number,
): HalfReport {
  const endMs = seconds * 1000
  const between = (fromMs: number, toMs: number) => visits.filter(({ atMs }) => atMs >= fromMs && atMs < toMs)
  const others = visits.filter(({ route }) => !ROUTES[route].needsDatabase)
  return {
    guarded,
    perSecond: Array.from({ length: Math.ceil(seconds) }, (_, i) => share(between(i * 1000, (i + 1) * 1000))),
    calm: share(between(0, breakAtMs)),
    broken: share(between(breakAtMs, repairAtMs)),
    after: share(between(repairAtMs, endMs)),
    recoveryMs: recovery(visits, repairAtMs, endMs),
    recoveryOthersMs: recovery(others, repairAtMs, endMs),
    reasons: reasonsOf(visits),
    breakAtMs,
    repairAtMs,
  }
}

function reasonsOf(visits: readonly Visit[]): Record<string, number> {
  const counts = new Map<string, number>()
  for (const { served, why } of visits) if (!served) counts.set(why, (counts.get(why) ?? 0) + 1)
  return Object.fromEntries([...counts].sort(([, a], [, b]) => b - a).slice(0, 12))
}

/** The end of the last window since the repair with too few served; `null` where that is the last one. */
export function recovery(visits: readonly Visit[], repairAtMs: number, endMs: number): number | null {
  const windows = Math.floor((endMs - repairAtMs) / WINDOW_MS)
  for (let i = windows - 1; i >= 0; i--) {
    const fromMs = repairAtMs + i * WINDOW_MS
    const window = visits.filter(({ atMs }) => atMs >= fromMs && atMs < fromMs + WINDOW_MS)
    if (servedOf(window) < SERVED_ENOUGH) return i === windows - 1 ? null : (i + 1) * WINDOW_MS
  }
  return 0
}
