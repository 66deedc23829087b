/**
 * A bound on how many calls run at once, and on how many wait for that: one slow dependency does not take everything with it.
 */
import * as check from '../schema/checks.js'
import type { DurationInput } from '../units.js'
import type { Call } from './call.js'
import type { Next } from './leaf.js'
import { Line } from './line.js'
import { failure, type Outcome } from './outcome.js'
import { Policy } from './policy.js'
import { TIMER_MAX_MS } from './timeout.js'

export interface BulkheadOptions {
  /** Calls that run at once. 1 to 1e6. */
  readonly concurrent: number
  /** Calls that wait for their turn; what comes then is refused. 0 to 1e6; default 0. */
  readonly queue?: number | undefined
  /** Longest wait. 1 ms to 24 d; default: as long as it takes. */
  readonly wait?: DurationInput | undefined
  /** For errors. */
  readonly name?: string | undefined
}

/** How a wait ended. */
type Turn = 'go' | 'waited' | 'aborted'

export class Bulkhead extends Policy {
  readonly name: string | undefined
  readonly #concurrent: number
  readonly #queue: number
  readonly #waitMs: number | undefined
  readonly #waiting = new Line<(turn: Turn) => void>()
  #running = 0
  #refused = 0

  constructor(options: BulkheadOptions) {
    super()
    check.onlyKeys('bulkhead', check.object('bulkhead', options), ['concurrent', 'queue', 'wait', 'name'])
    this.#concurrent = check.number('bulkhead.concurrent', options.concurrent, { min: 1, max: 1e6, whole: true })
    this.#queue = check.number('bulkhead.queue', options.queue, { min: 0, max: 1e6, whole: true, fallback: 0 })
    this.#waitMs =
      options.wait === undefined
        ? undefined
        : check.duration('bulkhead.wait', options.wait, { min: 1, max: TIMER_MAX_MS })
    this.name = options.name
  }

  /** Calls that run now, that wait now, and that were refused so far. */
  get stats(): { readonly running: number; readonly waiting: number; readonly refused: number } {
    return { running: this.#running, waiting: this.#waiting.length, refused: this.#refused }
  }

  async run(next: Next, call: Call): Promise<Outcome<unknown>> {
    if (call.cancelled) return failure('aborted', this.name, 0, call.reason)
    if (this.#running >= this.#concurrent) {
      const turn = this.#waiting.length < this.#queue ? await this.#wait(call) : 'full'
      if (turn === 'aborted') return failure('aborted', this.name, 0, call.reason)
      if (turn !== 'go') {
        this.#refused++
        return failure(turn, this.name)
      }
      // Whoever made room left its place to this call.
    } else {
      this.#running++
    }
    const outcome = await next(call)
    const first = this.#waiting.take()
    if (first === undefined) this.#running--
    else first('go')
    return outcome
  }

  #wait(call: Call): Promise<Turn> {
    return new Promise((resolve) => {
      let timer: ReturnType<typeof setTimeout> | undefined
      let off = (): void => {}
      const place = this.#waiting.join((turn) => {
        clearTimeout(timer)
        off()
        resolve(turn)
      })
      const leave = (turn: Turn): void => {
        if (this.#waiting.leave(place)) place.value(turn)
      }
      if (this.#waitMs !== undefined) timer = setTimeout(() => leave('waited'), this.#waitMs)
      off = call.onCancel(() => leave('aborted'))
    })
  }
}

/** At most so many calls at once. See {@link BulkheadOptions}; a number is `concurrent`. */
export function bulkhead(options: BulkheadOptions | number): Bulkhead {
  return new Bulkhead(typeof options === 'number' ? { concurrent: options } : options)
}
