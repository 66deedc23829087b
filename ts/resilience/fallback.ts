/**
 * Something else where there is no value.
 */
import * as check from '../schema/checks.js'
import type { Call } from './call.js'
import type { Next } from './leaf.js'
import { type Failure, failure, type Outcome, success } from './outcome.js'
import { Policy } from './policy.js'

export interface FallbackOptions {
  /** Which failures it is for. Default: all but calls that their own caller aborted. */
  readonly when?: (failure: Failure) => boolean
}

class Fallback extends Policy {
  readonly #make: (failure: Failure) => unknown
  readonly #when: (failure: Failure) => boolean

  constructor(make: (failure: Failure) => unknown, when: (failure: Failure) => boolean) {
    super()
    this.#make = make
    this.#when = when
  }

  async run(next: Next, call: Call): Promise<Outcome<unknown>> {
    const outcome = await next(call)
    if (outcome.ok) return outcome
    try {
      return this.#when(outcome) ? success(await this.#make(outcome)) : outcome
    } catch (error) {
      return failure('failed', undefined, 0, error)
    }
  }
}

/** Gives what `make` makes of the failure, or promises; what that throws is the failure then. */
export function fallback(make: (failure: Failure) => unknown, options: FallbackOptions = {}): Policy {
  check.onlyKeys('fallback', check.object('fallback', options), ['when'])
  if (options.when !== undefined) check.fn('fallback.when', options.when)
  return new Fallback(
    check.fn('fallback', make) as (failure: Failure) => unknown,
    options.when ?? (({ reason }) => reason !== 'aborted'),
  )
}
