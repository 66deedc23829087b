/**
 * The tuner's time: whatever the clock does, it never goes back and never stands for long. When the clock steps back, time goes on
 * from where it was; a step forward passes through, and the window that contains it teaches nothing.
 */
import type { Clock } from '../clock.js'

export class MonotonicTime {
  /** Readings that went back or were no time at all. */
  faults = 0
  readonly #clock: Clock
  #offset = 0
  #last = 0

  constructor(clock: Clock) {
    this.#clock = clock
    const first = Math.floor(clock.nowUs())
    if (!isTime(first)) return
    this.#last = Math.max(0, first)
    this.#offset = this.#last - first
  }

  /** Whole microseconds, never less than before. Two readings within one microsecond are alike. */
  now(): number {
    const reading = Math.floor(this.#clock.nowUs())
    if (!isTime(reading)) {
      this.faults++
      return this.#last
    }
    const now = reading + this.#offset
    if (now >= this.#last) {
      this.#last = now
    } else {
      this.faults++
      this.#offset = this.#last - reading
    }
    return this.#last
  }
}

function isTime(us: number): boolean {
  return Math.abs(us) <= Number.MAX_SAFE_INTEGER / 2
}
