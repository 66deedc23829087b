/**
 * Checks the options of `createSolver()` and `minimize()` once, at the boundary, and brings them into the core's terms.
 */
import type { StudyConfig } from '../binding.js'
import { type Clock, systemClock } from '../clock.js'
import { invalid } from '../errors.js'
import * as check from '../schema/checks.js'
import { ResolvedConstraints } from './constraints.js'
import type { StudyFileOptions } from './host.js'
import type { Progress } from './progress.js'
import { makePruner, type Pruner } from './prune.js'
import { ResolvedSpace } from './space.js'
import { isStore, type StudyStore } from './study.js'
import { type CoreOutcome, evaluated, type Sign } from './trial.js'

/** What both functions need. */
export interface ResolvedStudy {
  readonly space: ResolvedSpace
  readonly constraints: ResolvedConstraints
  readonly sign: Sign
  readonly config: StudyConfig
}

export type ResolvedCheckpoint =
  | ({ readonly kind: 'file' } & StudyFileOptions)
  | { readonly kind: 'store'; readonly store: StudyStore }

export interface ResolvedSolver extends ResolvedStudy {
  readonly restore: string | Uint8Array | undefined
  readonly checkpoint: (ResolvedCheckpoint & { kind: 'file' }) | undefined
}

export interface ResolvedRun extends ResolvedStudy {
  readonly budget: number
  readonly concurrency: number
  readonly signal: AbortSignal | undefined
  readonly onProgress: ((progress: Progress) => void) | undefined
  readonly checkpoint: ResolvedCheckpoint | undefined
  readonly retry: { readonly times: number; readonly delayMs: number }
  readonly timeoutMs: number | undefined
  readonly graceMs: number
  readonly pruner: Pruner | undefined
  readonly warmStart: readonly { readonly values: Float64Array; readonly outcome: CoreOutcome }[]
  readonly stop: {
    /** As the core counts: lower is better. */
    readonly target: number
    readonly noGain: number
    readonly afterMs: number | undefined
    readonly failures: number
  }
  readonly clock: Clock
}

const STUDY = ['space', 'seed', 'strategy', 'strategyParams', 'probeRatio', 'maximize', 'constraints'] as const
const SOLVER = [...STUDY, 'budget', 'batch', 'restore', 'checkpoint'] as const
const RUN = [
  ...STUDY, 'budget', 'concurrency', 'signal', 'onProgress', 'checkpoint', 'retry', 'timeout', 'grace', 'pruner', 'warmStart', 'stop',
  'clock',
] as const // biome-ignore format: a table

const STRATEGIES = ['auto', 'nelder-mead', 'tpe', 'spsa', 'random', 'sobol'] as const
const BUDGET_MAX = 1e6
const BUDGET_DEFAULT = 100
const AT_ONCE_MAX = 1024
const HOUR_MS = 3_600_000
/** About the longest that a timer can wait. */
const TIMER_MAX_MS = 24 * 24 * HOUR_MS

type Given<K extends readonly string[]> = Partial<Record<K[number], unknown>>

function study(o: Given<typeof STUDY>, budget: number | undefined, batch: number): ResolvedStudy {
  const space = new ResolvedSpace(o.space)
  const probe = o.probeRatio
  const parameters = o.strategyParams === undefined ? undefined : check.object('strategyParams', o.strategyParams)
  const maximize = check.boolean('maximize', o.maximize, false)
  return {
    space,
    constraints: new ResolvedConstraints(o.constraints),
    sign: maximize ? -1 : 1,
    config: {
      seed: check.number('seed', o.seed, { min: 0, max: 2 ** 32 - 1, whole: true, fallback: 0 }),
      bounds: space.bounds,
      batch_size: batch,
      strategy: check.oneOf('strategy', o.strategy, STRATEGIES, 'auto'),
      ...(budget === undefined ? {} : { budget }),
      ...(probe === undefined ? {} : { probe_ratio: check.number('probeRatio', probe, { min: 0, max: 0.9 }) }),
      ...(parameters === undefined ? {} : { strategy_params: parameters as Record<string, number> }),
      ...(maximize ? { negated: true } : {}),
    },
  }
}

const atOnce = (option: string, value: unknown, fallback: number): number =>
  check.number(option, value, { min: 1, max: AT_ONCE_MAX, whole: true, fallback })

export function validateSolver(input: unknown): ResolvedSolver {
  const o = check.object('options', input) as Given<typeof SOLVER>
  check.onlyKeys('', o, SOLVER)
  const budget =
    o.budget === undefined ? undefined : check.number('budget', o.budget, { min: 1, max: BUDGET_MAX, whole: true })
  const { restore } = o
  if (restore !== undefined && typeof restore !== 'string' && !(restore instanceof Uint8Array)) {
    throw invalid('restore', "a study's log, from save()", restore)
  }
  const checkpoint = resolveCheckpoint(o.checkpoint)
  if (checkpoint?.kind === 'store')
    throw invalid('checkpoint', 'a file; where there is none, keep what save() gives', o.checkpoint)
  if (checkpoint !== undefined && restore !== undefined) {
    throw invalid('restore', 'left out where `checkpoint` is given: that file is what is restored', 'both')
  }
  return { ...study(o, budget, atOnce('batch', o.batch, 1)), restore, checkpoint }
}

/** @param evaluator how many evaluations the evaluator runs at once, where it says so. */
export function validateRun(input: unknown, evaluator: unknown): ResolvedRun {
  const o = check.object('options', input) as Given<typeof RUN>
  check.onlyKeys('', o, RUN)
  const budget = check.number('budget', o.budget, { min: 1, max: BUDGET_MAX, whole: true, fallback: BUDGET_DEFAULT })
  const concurrency = atOnce('concurrency', o.concurrency, atOnce('evaluate.concurrency', evaluator, 1))
  const resolved = study(o, budget, Math.min(concurrency, budget))
  return {
    ...resolved,
    budget,
    concurrency,
    signal: resolveSignal(o.signal),
    onProgress:
      o.onProgress === undefined ? undefined : (check.fn('onProgress', o.onProgress) as ResolvedRun['onProgress']),
    checkpoint: resolveCheckpoint(o.checkpoint),
    retry: resolveRetry(o.retry),
    timeoutMs:
      o.timeout === undefined ? undefined : check.duration('timeout', o.timeout, { min: 1, max: TIMER_MAX_MS }),
    graceMs: check.duration('grace', o.grace, { min: 0, max: 60_000, fallback: 2000 }),
    pruner: makePruner(o.pruner),
    warmStart: resolveWarmStart(o.warmStart, resolved),
    stop: resolveStop(o.stop, resolved.sign),
    clock: resolveClock(o.clock),
  }
}

function resolveSignal(value: unknown): AbortSignal | undefined {
  if (value === undefined) return undefined
  // Not `instanceof`: a signal of another realm is as good.
  const { aborted, addEventListener } = check.object('signal', value)
  if (typeof aborted !== 'boolean' || typeof addEventListener !== 'function')
    throw invalid('signal', 'an AbortSignal', value)
  return value as AbortSignal
}

function resolveCheckpoint(value: unknown): ResolvedCheckpoint | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string') return { kind: 'file', path: check.text('checkpoint', value), sync: false }
  if (isStore(value)) return { kind: 'store', store: value }
  const o = check.object('checkpoint', value)
  check.onlyKeys('checkpoint', o, ['file', 'sync'])
  return {
    kind: 'file',
    path: check.text('checkpoint.file', o.file),
    sync: check.boolean('checkpoint.sync', o.sync, false),
  }
}

function resolveRetry(value: unknown): ResolvedRun['retry'] {
  const times = { min: 0, max: 100, whole: true }
  if (value === undefined || typeof value === 'number') {
    return { times: check.number('retry', value, { ...times, fallback: 0 }), delayMs: 0 }
  }
  const o = check.object('retry', value)
  check.onlyKeys('retry', o, ['times', 'delay'])
  return {
    times: check.number('retry.times', o.times, times),
    delayMs: check.duration('retry.delay', o.delay, { min: 0, max: HOUR_MS, fallback: 0 }),
  }
}

function resolveWarmStart(value: unknown, { space, sign, constraints }: ResolvedStudy): ResolvedRun['warmStart'] {
  if (value === undefined) return []
  if (!Array.isArray(value)) throw invalid('warmStart', 'a list of { params, value }', value)
  return value.map((given, i) => {
    const at = `warmStart[${i}]`
    const { params, ...result } = check.object(at, given)
    check.onlyKeys(at, result, ['value', 'constraints'])
    return { values: space.toValues(`${at}.params`, params), outcome: evaluated(at, result, sign, constraints) }
  })
}

function resolveStop(value: unknown, sign: Sign): ResolvedRun['stop'] {
  const o = value === undefined ? {} : check.object('stop', value)
  check.onlyKeys('stop', o, ['target', 'noGain', 'after', 'failures'])
  const count = { min: 1, max: BUDGET_MAX, whole: true, fallback: Number.POSITIVE_INFINITY }
  if (o.target !== undefined && (typeof o.target !== 'number' || Number.isNaN(o.target))) {
    throw invalid('stop.target', 'a number', o.target)
  }
  return {
    target: o.target === undefined ? Number.NEGATIVE_INFINITY : sign * (o.target as number),
    noGain: check.number('stop.noGain', o.noGain, count),
    afterMs: o.after === undefined ? undefined : check.duration('stop.after', o.after, { min: 1, max: TIMER_MAX_MS }),
    failures: check.number('stop.failures', o.failures, count),
  }
}

function resolveClock(value: unknown): Clock {
  if (value === undefined) return systemClock
  check.fn('clock.nowUs', check.object('clock', value).nowUs)
  return value as Clock
}
