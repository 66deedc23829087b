/**
 * What the façade reports beside decisions: one place for the stable codes and their words.
 */
import type { Emitter } from './events.js'
import type { KnobExplanation } from './explain.js'

const CLOCK_EVERY_US = 60_000_000

export class Troubles {
  readonly #emitter: Emitter
  #unclean: boolean
  readonly #coarse: KnobExplanation[]
  #clock = 0
  #clockAtUs = Number.NEGATIVE_INFINITY

  /** `unclean`: the run before did not end with a stop. `knobs`: those whose grid is too coarse are told of. */
  constructor(emitter: Emitter, unclean: boolean, knobs: readonly KnobExplanation[]) {
    this.#emitter = emitter
    this.#unclean = unclean
    this.#coarse = knobs.filter((knob) => knob.coarse !== undefined)
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
    for (const knob of this.#coarse.splice(0)) this.#emit('HOMEOSTAT_COARSE_KNOB', tooCoarse(knob))
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

function tooCoarse({ name, coarse }: KnobExplanation): string {
  if (coarse === undefined) return ''
  const share = (part: number): string => `${Number((100 * part).toPrecision(2))} %`
  const where = coarse.fine_from === null ? 'nowhere' : `only from ${coarse.fine_from} on`
  return (
    `knobs.${name}: one step of its grid is up to ${share(coarse.step)} of its range, more than the ${share(coarse.most)} that ` +
    `updates may move it: it is tuned ${where}. Widen its range, put it on a log scale, or raise guardrails.maxDelta ` +
    '(and probeAmplitude to half of it)'
  )
}
