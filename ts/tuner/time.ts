/**
 * The tuner's time: whatever the clock does, it never goes back and never stands for long. When the clock steps back, time goes on
 * from where it was; a step forward passes through, and the window that contains it teaches nothing.
 */
import type { Clock } from '../clock.js'

export class MonotonicTime {
  /** Readings that did not advance between two ticks, went back, or were not finite. */
  backwards = 0
  readonly #clock: Clock
  #offset = 0
  #last = 0

  constructor(clock: Clock) {
    this.#clock = clock
    const first = clock.nowUs()
    this.#last = Number.isFinite(first) ? Math.max(0, Math.floor(first)) : 0
    this.#offset = Number.isFinite(first) ? this.#last - first : 0
  }

  /** Whole microseconds, never less than before. `mustAdvance`: standing still counts as trouble too. */
  now(mustAdvance = false): number {
    const reading = this.#clock.nowUs()
    if (!Number.isFinite(reading) || reading > Number.MAX_SAFE_INTEGER / 2) {
      this.backwards++
      return this.#last
    }
    const now = Math.floor(reading + this.#offset)
    if (now > this.#last) {
      this.#last = now
    } else if (now < this.#last) {
      this.backwards++
      this.#offset = this.#last - reading
    } else if (mustAdvance) {
      this.backwards++
    }
    return this.#last
  }
}
