/**
 * An end to waiting.
 */
import * as check from '../schema/checks.js'
import type { DurationInput } from '../units.js'
import type { Call } from './call.js'
import type { Next } from './leaf.js'
import { failure, type Outcome } from './outcome.js'
import { Policy } from './policy.js'

/** About the longest that a timer can wait. */
export const TIMER_MAX_MS = 24 * 86_400_000

class TimedOut extends Error {
  override name = 'TimeoutError'
}

class Timeout extends Policy {
  readonly #ms: number

  constructor(ms: number) {
    super()
    this.#ms = ms
  }

  async run(next: Next, call: Call): Promise<Outcome<unknown>> {
    const child = call.child()
    let late: TimedOut | undefined
    const timer = setTimeout(() => {
      late = new TimedOut(`it took longer than ${this.#ms} ms`)
      child.cancel(late)
    }, this.#ms)
    const outcome = await next(child)
    clearTimeout(timer)
    child.end()
    if (outcome.ok || outcome.reason !== 'aborted' || late === undefined || child.reason !== late) return outcome
    return failure('timeout', undefined, 0, late)
  }
}

/**
 * Gives up after so long: the work's signal is aborted, and whatever it does then is ignored. 1 ms to 24 d.
 */
export function timeout(after: DurationInput): Policy {
  return new Timeout(check.duration('timeout', after, { min: 1, max: TIMER_MAX_MS }))
}
