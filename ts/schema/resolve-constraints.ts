/**
 * Constraints: bounds on one metric each, resolved to a position in the metrics that the core writes.
 */
import { METRIC_FIELDS, METRIC_STRIDE } from '../binding.js'
import { HomeostatError, invalid } from '../errors.js'
import type { SignalShape } from '../memory/views.js'
import { parseDuration } from '../units.js'
import * as check from './checks.js'
import type { DurationStat } from './signal.js'

export interface ResolvedConstraint {
  readonly key: string
  readonly signal: number
  /** Position in one half of what `readMetrics` writes. */
  readonly at: number
  /** The metric is a sum that has to be divided by the window's length. */
  readonly perSecond: boolean
  readonly max: number | undefined
  readonly min: number | undefined
}

const STATS: readonly DurationStat[] = ['mean', 'p50', 'p90', 'p99', 'max', 'count']

export function resolveConstraints(value: unknown, signals: readonly SignalShape[]): ResolvedConstraint[] {
  if (value === undefined) return []
  return Object.entries(check.object('constraints', value)).map(([key, bound]) => {
    const option = `constraints.${key}`
    const [name, stat, ...rest] = key.split('.') as [string, string | undefined]
    const signal = signals.findIndex((candidate) => candidate.name === name)
    const shape = signals[signal]
    if (shape === undefined) throw unknownSignal(option, name, signals)
    const isDuration = shape.kind === 'duration'
    const known = isDuration ? STATS.includes(stat as DurationStat) : stat === undefined
    if (!known || rest.length > 0) {
      const range = isDuration ? STATS.map((s) => `${name}.${s}`).join(', ') : name
      throw invalid(option, `one of ${range}`, key, 'HOMEOSTAT_UNKNOWN_OPTION')
    }
    const field = isDuration ? (stat as DurationStat) : shape.kind === 'count' ? 'sum' : 'mean'
    const o = check.object(option, bound)
    check.onlyKeys(option, o, ['max', 'min'])
    const read = (side: 'max' | 'min'): number | undefined => {
      if (o[side] === undefined) return undefined
      const limit = isDuration && stat !== 'count' ? parseDuration(o[side]) : o[side]
      if (typeof limit !== 'number' || !Number.isFinite(limit)) {
        throw invalid(`${option}.${side}`, isDuration ? 'a finite duration' : 'a finite number', o[side])
      }
      return limit
    }
    const max = read('max')
    const min = read('min')
    if (max === undefined && min === undefined) throw invalid(option, '{ max }, { min } or both', bound)
    if (max !== undefined && min !== undefined && min > max)
      throw invalid(`${option}.min`, `at most ${option}.max (${max})`, min)
    return {
      key,
      signal,
      at: signal * METRIC_STRIDE + METRIC_FIELDS.indexOf(field),
      perSecond: shape.kind === 'count',
      max,
      min,
    }
  })
}

export function unknownSignal(option: string, received: string, signals: readonly SignalShape[]): HomeostatError {
  const known = signals.map((signal) => signal.name).join(', ')
  return new HomeostatError(
    'HOMEOSTAT_UNKNOWN_SIGNAL',
    `${option} names the signal "${received}"; declared are ${known}`,
    {
      option,
      range: known,
      received,
    },
  )
}
