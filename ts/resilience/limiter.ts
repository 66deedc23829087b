/**
 * A limit on the calls in flight that finds itself: as many as the dependency serves without making them wait.
 */
import type { Clock } from '../clock.js'
import { invalid } from '../errors.js'
import { ENDED_DROPPED, ENDED_IGNORED, ENDED_SERVED, type LimiterCore } from '../reflex-binding.js'
import * as check from '../schema/checks.js'
import type { DurationInput } from '../units.js'
import type { Call } from './call.js'
import type { Next } from './leaf.js'
import { failure, type Outcome } from './outcome.js'
import { Policy } from './policy.js'
import { checkName, resolveClock } from './resolve.js'

const KINDS = ['adaptive', 'fixed', 'aimd', 'vegas', 'gradient2'] as const
export type LimitKind = (typeof KINDS)[number]

export interface LimiterOptions {
  /** How the limit moves. Default `adaptive`: by throughput times the round trip without a queue. */
  readonly kind?: LimitKind | undefined
  /** Limit at the start. `min` to `max`; default 20, or the nearer of the bounds. */
  readonly initial?: number | undefined
  /** Least limit. 1 to 2^20; default 1, 2 for `adaptive`. */
  readonly min?: number | undefined
  /** Largest limit. `min` to 2^20; default 1000, or `min` where that is larger. */
  readonly max?: number | undefined
  /** `aimd`: what takes longer counts as dropped. 1 us to 24 h; default '1s'. */
  readonly timeout?: DurationInput | undefined
  /** A call that has not ended after so long does not hold its place any more. 1 us to 24 h; default '60s'. */
  readonly lease?: DurationInput | undefined
  /** `vegas`: of its chance. 0 to 2^53 - 1; default 0. */
  readonly seed?: number | undefined
}

export class Limiter extends Policy {
  readonly name: string | undefined
  readonly #core: LimiterCore
  readonly #clock: Clock

  constructor(core: LimiterCore, clock: Clock, name: string | undefined) {
    super()
    this.#core = core
    this.#clock = clock
    this.name = name
  }

  /** A permit, or a negative number while as many calls are in flight as may be. */
  tryAcquire(nowUs = this.#clock.nowUs()): number {
    return this.#core.tryAcquire(nowUs)
  }

  /** Gives a permit back with how the call ended, `ENDED_*`. @internal */
  release(permit: number, ended: number, nowUs = this.#clock.nowUs()): boolean {
    return this.#core.release(permit, ended, nowUs)
  }

  /** The call was served, well or not: its duration counts. False where the permit is not out. */
  served(permit: number, nowUs = this.#clock.nowUs()): boolean {
    return this.release(permit, ENDED_SERVED, nowUs)
  }

  /** The call was dropped or timed out: a sign of overload. */
  dropped(permit: number, nowUs = this.#clock.nowUs()): boolean {
    return this.release(permit, ENDED_DROPPED, nowUs)
  }

  /** The call says nothing about the load: cancelled, or never sent. */
  ignore(permit: number, nowUs = this.#clock.nowUs()): boolean {
    return this.release(permit, ENDED_IGNORED, nowUs)
  }

  /** Calls that may be in flight now. */
  get limit(): number {
    return this.#core.limit()
  }

  /** Calls that are in flight. */
  get inFlight(): number {
    return this.#core.inFlight(this.#clock.nowUs())
  }

  /** Calls that were refused, and permits that were never returned, so far. */
  get stats(): { readonly refused: number; readonly expired: number } {
    return { refused: this.#core.refused(), expired: this.#core.expired() }
  }

  /** The limit stays within these from now on. 1 to 2^20. */
  setBounds(min: number, max: number): void {
    this.#core.setBounds(...limitBounds(min, max))
  }

  async run(next: Next, call: Call): Promise<Outcome<unknown>> {
    if (call.cancelled) return failure('aborted', this.name, 0, call.reason)
    const permit = this.tryAcquire()
    if (permit < 0) return failure('limit', this.name)
    const outcome = await next(call)
    this.release(permit, endOf(outcome))
    return outcome
  }
}

/** How a limiter sees an outcome. */
export function endOf(outcome: Outcome<unknown>): number {
  if (outcome.ok || outcome.reason === 'failed') return ENDED_SERVED
  if (outcome.reason === 'timeout') return ENDED_DROPPED
  // A caller whose patience is over says that it took too long.
  return outcome.reason === 'aborted' && (outcome.error as Error | undefined)?.name === 'TimeoutError'
    ? ENDED_DROPPED
    : ENDED_IGNORED
}

const COUNT = { min: 1, max: 2 ** 20 }

export function limitBounds(min: number, max: number): [number, number] {
  const least = check.number('min', min, { ...COUNT, whole: true })
  return [least, check.number('max', max, { ...COUNT, min: least, whole: true })]
}

const TIME = { min: 1, max: 86_400e6 }
const KEYS = ['kind', 'initial', 'min', 'max', 'timeout', 'lease', 'seed'] as const

/** The options in the core's terms. `at` is their path. */
export function limiterConfig(at: string, given: LimiterOptions | LimitKind | number): Record<string, number | string> {
  if (typeof given === 'number') {
    const limit = check.number(at, given, { ...COUNT, whole: true })
    return { kind: 'fixed', initial: limit, max: limit }
  }
  if (typeof given === 'string') return { kind: check.oneOf(at, given, KINDS) }
  const o = check.object(at, given) as LimiterOptions
  check.onlyKeys(at, o, KEYS)
  const config: Record<string, number | string> = { kind: check.oneOf(`${at}.kind`, o.kind, KINDS, 'adaptive') }
  for (const key of ['initial', 'min', 'max'] as const) {
    if (o[key] !== undefined) config[key] = check.number(`${at}.${key}`, o[key], { ...COUNT, whole: true })
  }
  if (o.min !== undefined && o.max !== undefined && o.max < o.min)
    throw invalid(`${at}.max`, `from min (${o.min})`, o.max)
  if (o.timeout !== undefined) config.timeout_us = check.scaled(`${at}.timeout`, o.timeout, TIME, 'duration')
  if (o.lease !== undefined) config.lease_us = check.scaled(`${at}.lease`, o.lease, TIME, 'duration')
  if (o.seed !== undefined)
    config.seed = check.number(`${at}.seed`, o.seed, { min: 0, max: Number.MAX_SAFE_INTEGER, whole: true })
  return config
}

export interface SoloLimiterOptions extends LimiterOptions {
  /** For errors. */
  readonly name?: string | undefined
  /** Monotonic clock. Default: the runtime's. */
  readonly clock?: Clock | undefined
}

export function makeLimiter(
  create: (config: string) => LimiterCore,
  given: SoloLimiterOptions | LimitKind | number,
  at = 'limiter',
): Limiter {
  if (typeof given !== 'object' || given === null)
    return new Limiter(create(JSON.stringify(limiterConfig(at, given))), resolveClock(undefined), undefined)
  const { name, clock, ...options } = given
  if (name !== undefined) checkName(`${at}.name`, name)
  return new Limiter(create(JSON.stringify(limiterConfig(at, options))), resolveClock(clock), name)
}
