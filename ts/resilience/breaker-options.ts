/**
 * When a breaker opens, and for how long: the options of `breaker()` and of a component, brought into the core's terms.
 */
import * as check from '../schema/checks.js'
import type { DurationInput } from '../units.js'

/** Stages of the kernel pipeline, each with a breaker: compile 5 failures in 60 s, validate 3 in 30 s, store 10 in 120 s. */
export type PipelineStage = 'compile' | 'validate' | 'store'
const STAGES: readonly PipelineStage[] = ['compile', 'validate', 'store']

/** Each limit is inclusive, and `false` turns it off. */
export interface BreakerOptions {
  /** What is left out is as in this stage of the kernel pipeline. Default: as said below. */
  readonly stage?: PipelineStage | undefined
  /** What the rates are taken over: a time, 1 ms to 24 h, or so many calls, 1 to 1e6. Default '30s'. */
  readonly window?: DurationInput | { readonly calls: number } | undefined
  /** Calls that have to be in the window before a rate counts, so that one failure does not open a fresh circuit. 1 to 1e6; default 20. */
  readonly minimumCalls?: number | undefined
  /** Opens at this share of failures. Above 0 to 1; default 0.5. */
  readonly failureRate?: number | false | undefined
  /** From this duration on a call is slow, also while it is still in flight. 1 us to 24 h; default: none is. */
  readonly slow?: DurationInput | false | undefined
  /** Opens at this share of slow calls; counts only with `slow`. Above 0 to 1; default 0.8. */
  readonly slowRate?: number | false | undefined
  /** Opens after so many failures in a row. 1 to 1e6; default: does not. */
  readonly consecutive?: number | false | undefined
  /** Opens at so many failures in the window, whatever their share. 1 to 1e6; default: does not. */
  readonly failures?: number | false | undefined
  /** How long it stays open the first time. 1 us to 24 h; default '5s'. */
  readonly openFor?: DurationInput | undefined
  /** How long it stays open at most. `openFor` to 24 h; default '60s', or `openFor` where that is longer. */
  readonly openForMax?: DurationInput | undefined
  /** Factor from one opening to the next, until it was closed for as long as it was open. 1 to 100; default 2. */
  readonly backoff?: number | undefined
  /** Share of the open period that chance may take away, so that many processes do not come back at once. 0 to 1; default 0.2. */
  readonly jitter?: number | undefined
  /** Calls let through half-open, at once and in all, before it is decided. 1 to 1000; default 3. */
  readonly probes?: number | undefined
  /** A call that has not ended after so long has failed, and its place is free again. 1 us to 24 h; default '60s'. */
  readonly lease?: DurationInput | undefined
  /** Of the jitter. 0 to 2^53 - 1; default 0. */
  readonly seed?: number | undefined
}

/** What of a call's end counts as a failure. */
export interface FailureOptions {
  /**
   * Whether an error says that the dependency fails. `false`: it answered (a 404, a declined card). `'ignore'`: it says nothing.
   * `'overload'`: it refused for want of capacity (a 429, a 503), which is no failure, but tells a limit to fall. Default: every
   * error does.
   */
  readonly isFailure?: ((error: unknown) => boolean | 'ignore' | 'overload') | undefined
  /** Whether a value says so. Default: none does. */
  readonly isFailureResult?: ((value: never) => boolean) | undefined
}

export const BREAKER_KEYS = [
  'stage', 'window', 'minimumCalls', 'failureRate', 'slow', 'slowRate', 'consecutive', 'failures', 'openFor', 'openForMax', 'backoff', 'jitter',
  'probes', 'lease', 'seed',
] as const // biome-ignore format: a table

const DAY_US = 86_400e6
const COUNT = { min: 1, max: 1e6 }
const SHARE = { min: 0, max: 1, open: true }
const TIME = { min: 1, max: DAY_US }

/** The core's own key, range and kind of each option that is a plain number. */
const NUMBERS: readonly (readonly [
  keyof BreakerOptions,
  string,
  check.NumberRange,
  'number' | 'whole' | 'duration',
])[] = [
  ['minimumCalls', 'minimum_calls', COUNT, 'whole'],
  ['failureRate', 'failure_rate', SHARE, 'number'],
  ['slow', 'slow_us', TIME, 'duration'],
  ['slowRate', 'slow_rate', SHARE, 'number'],
  ['consecutive', 'consecutive', COUNT, 'whole'],
  ['failures', 'failures', COUNT, 'whole'],
  ['openFor', 'open_us', TIME, 'duration'],
  ['openForMax', 'open_max_us', TIME, 'duration'],
  ['backoff', 'backoff', { min: 1, max: 100 }, 'number'],
  ['jitter', 'jitter', { min: 0, max: 1 }, 'number'],
  ['probes', 'probes', { min: 1, max: 1000 }, 'whole'],
  ['lease', 'lease_us', TIME, 'duration'],
  ['seed', 'seed', { min: 0, max: Number.MAX_SAFE_INTEGER }, 'whole'],
]
const LIMITS: ReadonlySet<string> = new Set(['failureRate', 'slow', 'slowRate', 'consecutive', 'failures'])

/** The options in the core's terms. `at` is the path of the options; keys besides them are the caller's. */
export function breakerConfig(at: string, options: BreakerOptions): Record<string, number | string | null> {
  const config: Record<string, number | string | null> = {}
  const { stage, window } = options
  if (stage !== undefined) config.stage = check.oneOf(`${at}.stage`, stage, STAGES)
  if (typeof window === 'object' && window !== null) {
    check.onlyKeys(`${at}.window`, window, ['calls'])
    config.window_calls = check.number(`${at}.window.calls`, window.calls, { ...COUNT, whole: true })
  } else if (window !== undefined) {
    config.window_us = check.scaled(`${at}.window`, window, { min: 1000, max: DAY_US }, 'duration')
  }
  for (const [key, name, range, kind] of NUMBERS) {
    const value = options[key]
    if (value === undefined) continue
    config[name] = value === false && LIMITS.has(key) ? null : check.scaled(`${at}.${key}`, value, range, kind)
  }
  return config
}
