/**
 * What a breaker by itself and a component of a reflex have in common: permits, what they are given back with, and what an operator
 * may say. `permit` is a number: above 0 a permit, below 0 a refusal.
 */

import type { Clock } from '../clock.js'
import {
  type BreakerState,
  OPERATE_AUTO,
  OPERATE_DISABLE,
  OPERATE_FORCE_OPEN,
  OPERATE_TRIP,
  OUTCOME_FAILURE,
  OUTCOME_IGNORED,
  OUTCOME_SUCCESS,
  REFUSALS,
} from '../reflex-binding.js'
import type { FailureOptions } from './breaker-options.js'
import { type Call, TIER_DEFAULT } from './call.js'
import { errorOf } from './errors.js'
import type { AnyFunction, Next } from './leaf.js'
import { type Failure, failure, type Outcome, success } from './outcome.js'
import { type Direct, ownerOf, Policy } from './policy.js'
import { type Verdict, verdictOn, verdictOnError, verdictOnValue } from './verdict.js'

/** A breaker changed its state. */
export interface BreakerChange {
  /** Monotonic time of the clock, in microseconds. */
  readonly timeUs: number
  readonly from: BreakerState
  readonly to: BreakerState
  readonly cause:
    | 'failure-rate'
    | 'slow-rate'
    | 'consecutive'
    | 'failures'
    | 'probe-failed'
    | 'probe-slow'
    | 'rested'
    | 'recovered'
    | 'cascade'
    | 'operator'
  /** What was in the window. */
  readonly calls: number
  readonly failures: number
  readonly slow: number
  /** Where it opened: from when on calls are let through again, as probes. */
  readonly untilUs?: number
}

/** A breaker's present state. Times are in microseconds. */
export interface BreakerReport {
  readonly state: BreakerState
  /** What is in the window; slow calls that are in flight are among them. */
  readonly calls: number
  readonly failures: number
  readonly slow: number
  readonly failureRate: number
  readonly slowRate: number
  readonly inFlight: number
  readonly retryAfterUs: number
  /** Since it was made: times that it opened, calls that it refused, permits that were never returned. */
  readonly opened: number
  readonly refused: number
  readonly expired: number
}

/** How a permit is given back. Each returns false where the permit is not out: given back before, expired, or none. */
export abstract class Gate extends Policy {
  abstract readonly name: string | undefined
  /** A permit, or a refusal as a negative number; `refusal()` makes an outcome of it. `nowUs`: the clock's time, where it is at hand. */
  abstract tryAcquire(tier?: number, nowUs?: number): number
  abstract readonly state: BreakerState

  /** When it is worth trying again, in milliseconds: 0 now, infinite while an operator holds it open. */
  get retryAfterMs(): number {
    return this.retryAfterUs(this.clock.nowUs()) / 1000
  }
  /** @internal */
  protected abstract giveBack(permit: number, verdict: Verdict, error: unknown, nowUs: number): boolean
  /** What counts as a failure. @internal */
  protected abstract readonly failures: FailureOptions
  /** @internal */
  protected abstract readonly clock: Clock
  /** @internal */
  protected abstract retryAfterUs(nowUs: number): number
  /** @internal */
  protected abstract operate(word: number): void

  /** The call went well. */
  succeed(permit: number, nowUs = this.clock.nowUs()): boolean {
    return this.giveBack(permit, OUTCOME_SUCCESS, undefined, nowUs)
  }

  /** The call failed. */
  fail(permit: number, error?: unknown, nowUs = this.clock.nowUs()): boolean {
    return this.giveBack(permit, OUTCOME_FAILURE, error, nowUs)
  }

  /** The call says nothing about the dependency: cancelled, or refused elsewhere. */
  ignore(permit: number, nowUs = this.clock.nowUs()): boolean {
    return this.giveBack(permit, OUTCOME_IGNORED, undefined, nowUs)
  }

  /** The outcome that a negative number of `tryAcquire` stands for. */
  refusal(permit: number, nowUs = this.clock.nowUs()): Failure {
    const reason = REFUSALS[permit] ?? 'unknown'
    // When a place is free is known of open circuits alone.
    const known = reason === 'open' || reason === 'forced-open'
    return failure(reason, this.name, known ? this.retryAfterUs(nowUs) / 1000 : 0)
  }

  /** Opens it now; it recovers by itself. */
  open(): void {
    this.operate(OPERATE_TRIP)
  }

  /** Refuses every call until `auto()`. */
  forceOpen(): void {
    this.operate(OPERATE_FORCE_OPEN)
  }

  /** Lets every call pass until `auto()`; the window is kept, and not acted on. */
  disable(): void {
    this.operate(OPERATE_DISABLE)
  }

  /** Back to itself: closed, with an empty window. */
  auto(): void {
    this.operate(OPERATE_AUTO)
  }

  override async run(next: Next, call: Call): Promise<Outcome<unknown>> {
    if (call.cancelled) return failure('aborted', this.name, 0, call.reason)
    const nowUs = this.clock.nowUs()
    const permit = this.tryAcquire(call.tier, nowUs)
    if (permit < 0) return this.refusal(permit, nowUs)
    const outcome = await next(call)
    this.giveBack(permit, verdictOn(outcome, this.failures), outcome.ok ? undefined : outcome.error, this.clock.nowUs())
    return outcome
  }

  /**
   * Around a function and nothing else, which is how most calls go: all of it in one step. Not an asynchronous function: that
   * keeps its arguments as an array until it goes on, which costs more than the two ends of a promise.
   */
  override direct(fn: AnyFunction): Direct {
    const gate = this
    return {
      call(...args) {
        let permit = 0
        try {
          const startUs = gate.clock.nowUs()
          permit = gate.tryAcquire(TIER_DEFAULT, startUs)
          if (permit < 0) return Promise.reject(errorOf(gate.refusal(permit, startUs)))
          return Promise.resolve(fn.apply(this, args)).then(
            (value) => {
              gate.giveBack(permit, verdictOnValue(value, gate.failures), undefined, gate.clock.nowUs())
              return value
            },
            (error) => {
              gate.#failed(permit, error)
              throw error
            },
          )
        } catch (error) {
          gate.#failed(permit, error)
          return Promise.reject(error)
        }
      },
      try(...args) {
        let permit = 0
        try {
          const startUs = gate.clock.nowUs()
          permit = gate.tryAcquire(TIER_DEFAULT, startUs)
          if (permit < 0) return Promise.resolve(gate.refusal(permit, startUs))
          return Promise.resolve(fn.apply(ownerOf(this), args)).then(
            (value) => {
              gate.giveBack(permit, verdictOnValue(value, gate.failures), undefined, gate.clock.nowUs())
              return success(value)
            },
            (error) => gate.#lost(permit, error),
          )
        } catch (error) {
          return Promise.resolve(gate.#lost(permit, error))
        }
      },
    }
  }

  #lost(permit: number, error: unknown): Failure {
    this.#failed(permit, error)
    return failure('failed', undefined, 0, error)
  }

  /** The call of a permit threw. */
  #failed(permit: number, error: unknown): void {
    this.giveBack(permit, verdictOnError(error, this.failures), error, this.clock.nowUs())
  }
}

/** The core's spelling of a report or a change in JavaScript's: `time_us` is `timeUs`. */
export function camel(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camel)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      key.replace(/_([a-z0-9])/g, (_, c: string) => c.toUpperCase()),
      camel(one),
    ]),
  )
}
