/**
 * Again, but not at the same time as everybody else, and not without end.
 *
 * The wait before retry n is a random part of `base * 2^(n-1)`, at most of `max` (full jitter). Refusals are not repeated: more load
 * does not help what is overloaded. Neither is a call that its caller aborted.
 */
import { invalid } from '../errors.js'
import * as check from '../schema/checks.js'
import type { DurationInput } from '../units.js'
import { RetryBudget, type RetryBudgetOptions } from './budget.js'
import type { Call } from './call.js'
import type { Next } from './leaf.js'
import { type Failure, failure, isRefusal, type Outcome } from './outcome.js'
import { Policy } from './policy.js'
import { TIMER_MAX_MS } from './timeout.js'

export interface RetryOptions {
  /** Attempts in all, the first one included. 1 to 100; default 3. */
  readonly attempts?: number | undefined
  /** What the wait before the first retry is a random part of; it doubles with each. 0 to 24 d; default 100 ms. */
  readonly base?: DurationInput | undefined
  /** What it is a random part of at most. 0 to 24 d; default 10 s. */
  readonly max?: DurationInput | undefined
  /** What retries may cost, alone or shared with others. Default `{ ratio: 0.1, burst: 10 }`; `false`: any number. */
  readonly budget?: RetryBudget | RetryBudgetOptions | false | undefined
  /** Which failures are worth another attempt. Default: errors of the work and timeouts. Never asked about aborted calls. */
  readonly when?: ((failure: Failure, attempt: number) => boolean) | undefined
  /** A wait of your own for this failure, in milliseconds, such as what a `Retry-After` says; `undefined`: the usual one. */
  readonly delay?: ((failure: Failure, attempt: number) => number | undefined) | undefined
  /** Random numbers from 0 to 1. Default `Math.random`. */
  readonly random?: (() => number) | undefined
}

export interface RetryStats {
  /** Attempts after the first one. */
  readonly retries: number
  /** Calls that failed with attempts left, since the budget was spent. */
  readonly unaffordable: number
}

const KEYS = ['attempts', 'base', 'max', 'budget', 'when', 'delay', 'random'] as const

export class Retry extends Policy {
  readonly #attempts: number
  readonly #base: number
  readonly #max: number
  readonly #budget: RetryBudget | undefined
  readonly #options: RetryOptions
  #retries = 0
  #unaffordable = 0

  constructor(options: RetryOptions) {
    super()
    check.onlyKeys('retry', check.object('retry', options), KEYS)
    const wait = { min: 0, max: TIMER_MAX_MS }
    this.#attempts = check.number('retry.attempts', options.attempts, { min: 1, max: 100, whole: true, fallback: 3 })
    this.#base = check.duration('retry.base', options.base, { ...wait, fallback: 100 })
    this.#max = check.duration('retry.max', options.max, { ...wait, fallback: 10_000 })
    for (const key of ['when', 'delay', 'random'] as const) {
      if (options[key] !== undefined) check.fn(`retry.${key}`, options[key])
    }
    const { budget } = options
    if (budget === (true as unknown)) throw invalid('retry.budget', 'a budget or false', budget)
    if (budget !== false) this.#budget = budget instanceof RetryBudget ? budget : new RetryBudget(budget)
    this.#options = options
  }

  get stats(): RetryStats {
    return { retries: this.#retries, unaffordable: this.#unaffordable }
  }

  async run(next: Next, call: Call): Promise<Outcome<unknown>> {
    this.#budget?.deposit()
    for (let attempt = 1; ; attempt++) {
      call.attempt = attempt
      const outcome = await next(call)
      if (outcome.ok || attempt >= this.#attempts) return outcome
      let waitMs: number
      try {
        if (!this.#isWorth(outcome, attempt)) return outcome
        waitMs = this.#waitMs(outcome, attempt)
      } catch (error) {
        return failure('failed', undefined, 0, error)
      }
      if (call.cancelled) return failure('aborted', undefined, 0, call.reason)
      if (this.#budget?.take() === false) {
        this.#unaffordable++
        return outcome
      }
      if (!(await call.sleep(waitMs))) return failure('aborted', undefined, 0, call.reason)
      this.#retries++
    }
  }

  #isWorth(outcome: Failure, attempt: number): boolean {
    if (outcome.reason === 'aborted') return false
    return this.#options.when?.(outcome, attempt) ?? !isRefusal(outcome)
  }

  #waitMs(outcome: Failure, attempt: number): number {
    const own = this.#options.delay?.(outcome, attempt)
    if (own !== undefined && own >= 0) return Math.min(own, TIMER_MAX_MS)
    const random = this.#options.random ?? Math.random
    return random() * Math.min(this.#max, this.#base * 2 ** (attempt - 1))
  }
}

/** Tries again what failed. See {@link RetryOptions}. */
export function retry(options: RetryOptions = {}): Retry {
  return new Retry(options)
}
