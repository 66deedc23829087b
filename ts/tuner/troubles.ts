/**
 * What the façade reports beside decisions: one place for the stable codes and their words.
 */
import type { Emitter } from './events.js'

const CLOCK_EVERY_US = 60_000_000

export class Troubles {
  readonly #emitter: Emitter
  #unclean: boolean
  #clock = 0
  #clockAtUs = Number.NEGATIVE_INFINITY

  /** `unclean`: the run before did not end with a stop. */
  constructor(emitter: Emitter, unclean: boolean) {
    this.#emitter = emitter
    this.#unclean = unclean
  }

  applyFailed(knob: string, error: unknown): void {
    this.#emit('HOMEOSTAT_APPLY_FAILED', `knobs.${knob}.apply failed: ${String(error)}`)
  }

  controlPending(word: string): void {
    this.#emit(
      'HOMEOSTAT_CONTROL_PENDING',
      `'${word}' holds until the journal has room: the core journals what it obeys`,
    )
  }

  controlFile(): void {
    this.#emit(
      'HOMEOSTAT_CONTROL_FILE',
      "the control file cannot be read or is none of 'on', 'freeze', 'off'; its last word holds",
    )
  }

  /** Once per tick: what was noticed before anybody listened, and the clock, at most once per minute. */
  tick(clockFaults: number, nowUs: number): void {
    if (this.#unclean) {
      this.#unclean = false
      this.#emit(
        'HOMEOSTAT_JOURNAL_UNCLEAN',
        'the run before this one did not end with a stop: it was killed, or its journal was cut',
      )
    }
    if (clockFaults === this.#clock || nowUs - this.#clockAtUs < CLOCK_EVERY_US) return
    const more = clockFaults - this.#clock
    this.#clock = clockFaults
    this.#clockAtUs = nowUs
    this.#emit(
      'HOMEOSTAT_CLOCK_JUMPED',
      `${more} times the clock went back, was not a number, or leapt ahead (as after a blocked event loop)`,
    )
  }

  #emit(code: string, message: string): void {
    this.#emitter.emit('trouble', { type: 'trouble', code, message })
  }
}
