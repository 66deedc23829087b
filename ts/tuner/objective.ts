/**
 * The user's objective, called so that nothing it does can hurt the loop: what throws or is not a finite number makes the
 * window say nothing, is counted, and is reported at most once per minute.
 */
import { HomeostatError, show } from '../errors.js'
import type { Resolved } from '../schema/validate.js'
import type { WindowMetrics } from './metrics.js'

const REPORT_EVERY_US = 60_000_000

export class Objective {
  /** Windows whose objective threw or was not finite although every signal had samples. */
  errors = 0
  readonly #resolved: Resolved
  readonly #report: (error: HomeostatError, errors: number) => void
  #reportedUs = Number.NEGATIVE_INFINITY

  constructor(resolved: Resolved, report: (error: HomeostatError, errors: number) => void) {
    this.#resolved = resolved
    this.#report = report
  }

  /** The objective of the metrics at hand, lower is better; NaN when this window says nothing. */
  evaluate(metrics: WindowMetrics, nowUs: number): number {
    let value: unknown
    let failure: HomeostatError
    try {
      value = this.#resolved.objective(metrics.view as never)
      if (typeof value === 'number' && Number.isFinite(value)) return value * this.#resolved.sign
      // Without samples a mean is NaN, and so is what is computed from it: nobody's mistake.
      if (metrics.incomplete && typeof value === 'number' && Number.isNaN(value)) return Number.NaN
      failure = new HomeostatError('HOMEOSTAT_OBJECTIVE_FAILED', `the objective returned ${show(value)}`, {
        range: 'a finite number, or NaN where a signal had no sample',
        received: value,
      })
    } catch (cause) {
      failure = new HomeostatError('HOMEOSTAT_OBJECTIVE_FAILED', `the objective threw: ${text(cause)}`, { cause })
    }
    this.errors++
    if (nowUs - this.#reportedUs >= REPORT_EVERY_US) {
      this.#reportedUs = nowUs
      this.#report(failure, this.errors)
    }
    return Number.NaN
  }
}

/** What was thrown, for people; anything may be, even what has no text. */
function text(thrown: unknown): string {
  try {
    return String(thrown)
  } catch {
    return 'something that has no text'
  }
}
