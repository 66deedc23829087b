/**
 * A second attempt where the first one is slow: whichever answers first counts, the others are aborted.
 */
import * as check from '../schema/checks.js'
import type { DurationInput } from '../units.js'
import type { Call } from './call.js'
import type { Next } from './leaf.js'
import type { Outcome } from './outcome.js'
import { Policy } from './policy.js'
import { TIMER_MAX_MS } from './timeout.js'

export interface HedgeOptions {
  /** How long an attempt may take before another one joins it; best the latency that 95 of 100 calls stay below. 0 to 24 d. */
  readonly after: DurationInput
  /** Attempts in all, the first one included. 2 to 10; default 2. */
  readonly attempts?: number | undefined
}

export interface HedgeStats {
  /** Attempts that joined a slow one. */
  readonly hedges: number
  /** Calls that such an attempt answered. */
  readonly won: number
}

export class Hedge extends Policy {
  readonly #after: number
  readonly #attempts: number
  #hedges = 0
  #won = 0

  constructor(options: HedgeOptions) {
    super()
    check.onlyKeys('hedge', check.object('hedge', options), ['after', 'attempts'])
    this.#after = check.duration('hedge.after', options.after, { min: 0, max: TIMER_MAX_MS })
    this.#attempts = check.number('hedge.attempts', options.attempts, { min: 2, max: 10, whole: true, fallback: 2 })
  }

  get stats(): HedgeStats {
    return { hedges: this.#hedges, won: this.#won }
  }

  run(next: Next, call: Call): Promise<Outcome<unknown>> {
    return new Promise((resolve) => {
      const out = new Set<Call>()
      let started = 0
      let timer: ReturnType<typeof setTimeout> | undefined
      const settle = (outcome: Outcome<unknown>): void => {
        clearTimeout(timer)
        resolve(outcome)
        for (const slower of out) slower.cancel(new Error('another attempt was faster'))
        out.clear()
      }
      const start = (): void => {
        const place = ++started
        const child = call.child()
        out.add(child)
        if (place > 1) this.#hedges++
        if (place < this.#attempts) timer = setTimeout(start, this.#after)
        void next(child).then((outcome) => {
          child.end()
          if (!out.delete(child)) return
          // A failure is not slow: it is the answer, unless another attempt may still do better.
          if (!outcome.ok && out.size > 0) return
          if (outcome.ok && place > 1) this.#won++
          settle(outcome)
        })
      }
      start()
    })
  }
}

/** Starts another attempt where one is slow. Only for work that may be done twice. */
export function hedge(options: HedgeOptions): Hedge {
  return new Hedge(options)
}
