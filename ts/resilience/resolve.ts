/**
 * Checks of options that several policies share.
 */
import { type Clock, requestClock } from '../clock.js'
import { invalid } from '../errors.js'
import * as check from '../schema/checks.js'
import type { FailureOptions } from './breaker-options.js'

export function checkFailureOptions(at: string, { isFailure, isFailureResult }: FailureOptions): void {
  if (isFailure !== undefined) check.fn(`${at}.isFailure`, isFailure)
  if (isFailureResult !== undefined) check.fn(`${at}.isFailureResult`, isFailureResult)
}

export function resolveClock(value: unknown): Clock {
  if (value === undefined) return requestClock
  check.fn('clock.nowUs', check.object('clock', value).nowUs)
  return value as Clock
}

export const NAME_MAX = 128

/** Names are the application's own: any text, 1 to 128 bytes of UTF-8. */
export function checkName(option: string, value: unknown): string {
  const fits = typeof value === 'string' && value !== '' && value.length <= NAME_MAX
  if (!fits || new TextEncoder().encode(value).length > NAME_MAX)
    throw invalid(option, `a text of 1 to ${NAME_MAX} bytes`, value, 'HOMEOSTAT_INVALID_NAME')
  return value
}
