/**
 * What an outcome says of the dependency: that it works, that it fails, or nothing.
 */
import {
  OUTCOME_FAILURE,
  OUTCOME_IGNORED,
  OUTCOME_REJECTED,
  OUTCOME_SUCCESS,
  OUTCOME_TIMED_OUT,
} from '../reflex-binding.js'
import type { FailureOptions } from './breaker-options.js'
import type { Outcome } from './outcome.js'

export type Verdict =
  | typeof OUTCOME_SUCCESS
  | typeof OUTCOME_FAILURE
  | typeof OUTCOME_IGNORED
  | typeof OUTCOME_TIMED_OUT
  | typeof OUTCOME_REJECTED

/** A caller whose patience is over says that it took too long; one who went away says nothing. */
const isTimeout = (reason: unknown): boolean => (reason as Error | null | undefined)?.name === 'TimeoutError'

export function verdictOnValue(value: unknown, { isFailureResult }: FailureOptions): Verdict {
  if (isFailureResult === undefined) return OUTCOME_SUCCESS
  try {
    return isFailureResult(value as never) === true ? OUTCOME_FAILURE : OUTCOME_SUCCESS
  } catch {
    // Who judges badly must not keep a permit.
    return OUTCOME_FAILURE
  }
}

export function verdictOnError(error: unknown, { isFailure }: FailureOptions): Verdict {
  if (isFailure === undefined) return OUTCOME_FAILURE
  try {
    const judged = isFailure(error)
    if (judged === 'ignore') return OUTCOME_IGNORED
    if (judged === 'overload') return OUTCOME_REJECTED
    return judged === false ? OUTCOME_SUCCESS : OUTCOME_FAILURE
  } catch {
    return OUTCOME_FAILURE
  }
}

export function verdictOn(outcome: Outcome<unknown>, options: FailureOptions): Verdict {
  if (outcome.ok) return verdictOnValue(outcome.value, options)
  switch (outcome.reason) {
    case 'failed':
      return verdictOnError(outcome.error, options)
    case 'timeout':
      return OUTCOME_TIMED_OUT
    case 'aborted':
      return isTimeout(outcome.error) ? OUTCOME_TIMED_OUT : OUTCOME_IGNORED
    default:
      // Refused for want of capacity, or by another breaker: no failure of what this one guards.
      return OUTCOME_IGNORED
  }
}
