/**
 * A clock that stands until it is told to move.
 */
import type { Clock } from '../clock.js'
import { invalid } from '../errors.js'
import { type DurationInput, parseDuration } from '../units.js'

export interface FakeClock extends Clock {
  /** Moves time on by a duration such as `250` (ms) or `'30s'`; negative durations step back, as a broken clock does. */
  advance(by: DurationInput): void
  /** Sets the time, in microseconds, to any number at all. */
  set(us: number): void
}

export function fakeClock(startUs = 0): FakeClock {
  let now = startUs
  return {
    nowUs: () => now,
    advance(by) {
      const ms = parseDuration(by)
      if (!Number.isFinite(ms)) throw invalid('by', 'a finite duration', by)
      now += Math.round(ms * 1000)
    },
    set(us) {
      now = us
    },
  }
}
