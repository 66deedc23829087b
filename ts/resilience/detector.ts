/**
 * Has a latency moved up? A test that knows its rate of false alarms, instead of "twice the average": one in ten days where
 * latencies are independent, whatever their distribution.
 */
import type { Clock } from '../clock.js'
import type { DetectorCore } from '../reflex-binding.js'
import * as check from '../schema/checks.js'
import { camel } from './gate.js'
import { resolveClock } from './resolve.js'

/** The latency is higher than it was, by more than 1.3, and that is no chance. Times are in microseconds. */
export interface Regression {
  /** When it was certain, and since when it lasts, by the clock. */
  readonly timeUs: number
  readonly sinceUs: number
  readonly medianBeforeUs: number
  readonly medianNowUs: number
  /** As a multiple of what an alarm needs. */
  readonly evidence: number
}

/** What a detector knows. */
export interface DetectorReport {
  /** Whether it knows enough to alarm: about 200 latencies over 20 seconds. */
  readonly armed: boolean
  readonly medianUs: number
  readonly evidence: number
  /** What was no latency: negative, or not a number. */
  readonly ignored: number
  readonly latest?: Regression
}

export interface DetectorOptions {
  /** Monotonic clock. Default: the runtime's. */
  readonly clock?: Clock | undefined
}

export class Detector {
  readonly #core: DetectorCore
  readonly #clock: Clock

  constructor(core: DetectorCore, clock: Clock) {
    this.#core = core
    this.#clock = clock
  }

  /** One latency in milliseconds; the regression where that made one certain. Then what is now is the new baseline. */
  record(latencyMs: number, nowUs = this.#clock.nowUs()): Regression | undefined {
    return this.#core.record(nowUs, latencyMs * 1000) ? this.explain().latest : undefined
  }

  /** Everything that it knows, and the latest regression. */
  explain(): DetectorReport {
    return camel(JSON.parse(this.#core.explain())) as DetectorReport
  }

  /** Frees the core's memory, 10 kB. */
  close(): void {
    this.#core.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

export function makeDetector(create: () => DetectorCore, options: DetectorOptions): Detector {
  check.onlyKeys('detector', check.object('detector', options), ['clock'])
  const clock = resolveClock(options.clock)
  return new Detector(create(), clock)
}
