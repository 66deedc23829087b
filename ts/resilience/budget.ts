/**
 * What retries may cost: a bucket of tokens. Every first attempt puts a share of a token in, every retry takes one out, so that
 * retries never add more than that share to the load, however much fails. Several policies may share one.
 */
import * as check from '../schema/checks.js'

export interface RetryBudgetOptions {
  /** Retries per call, in the long run. Above 0 to 10; default 0.1. */
  readonly ratio?: number | undefined
  /** Retries that may be saved up, and that there are at the start. 1 to 1e6; default 10. */
  readonly burst?: number | undefined
}

export class RetryBudget {
  readonly #ratio: number
  readonly #burst: number
  #tokens: number

  constructor(options: RetryBudgetOptions = {}) {
    check.onlyKeys('budget', check.object('budget', options), ['ratio', 'burst'])
    this.#ratio = check.number('budget.ratio', options.ratio, { min: 0, max: 10, open: true, fallback: 0.1 })
    this.#burst = check.number('budget.burst', options.burst, { min: 1, max: 1e6, fallback: 10 })
    this.#tokens = this.#burst
  }

  /** Retries that are left now. */
  get left(): number {
    // A tenth added ten times is a whole retry.
    return Math.floor(this.#tokens + 1e-9)
  }

  /** A call was made. */
  deposit(): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + this.#ratio)
  }

  /** Takes a retry; false where there is none left. */
  take(): boolean {
    if (this.left < 1) return false
    this.#tokens = Math.max(0, this.#tokens - 1)
    return true
  }
}
