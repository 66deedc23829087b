/**
 * The kill switch: several sources may say `freeze` or `off`, and the strictest holds. An operator's `on` through the API
 * withdraws what the API and the signal said; it does not overrule the environment or the control file.
 */
import {
  CONTROL_FREEZE,
  CONTROL_OFF,
  CONTROL_ON,
  SOURCE_API,
  SOURCE_ENV,
  SOURCE_FILE,
  SOURCE_SIGNAL,
} from '../binding.js'
import { invalid } from '../errors.js'
import * as check from '../schema/checks.js'

export type ControlWord = 'on' | 'freeze' | 'off'
const WORDS: readonly ControlWord[] = ['on', 'freeze', 'off']

export class Control {
  readonly #said = new Int32Array(4)
  #holds = CONTROL_ON

  /** What the core holds. */
  get word(): ControlWord {
    return WORDS[this.#holds] as ControlWord
  }

  /** The strictest of what the sources say, in the core's numbers. */
  get wanted(): number {
    return Math.max(...this.#said)
  }

  /** Whether the core holds what is wanted. */
  get settled(): boolean {
    return this.wanted === this.#holds
  }

  /** Notes what a source says. */
  say(source: number, word: number): void {
    this.#said[source] = word
    if (source === SOURCE_API && word === CONTROL_ON) this.#said[SOURCE_SIGNAL] = CONTROL_ON
  }

  /** Notes what the core holds. */
  heard(word: ControlWord): void {
    this.#holds = WORDS.indexOf(word)
  }
}

/** `'on'`, `'freeze'` or `'off'` as the core's number. */
export function controlNumber(option: string, word: unknown): number {
  return WORDS.indexOf(check.oneOf(option, word, ['on', 'freeze', 'off']))
}

/** What the environment variable HOMEOSTAT asks for. A typo in a kill switch must not go unnoticed. */
export function fromEnvironment(value: string | undefined): { control: number; observe: boolean } {
  switch (value?.trim().toLowerCase()) {
    case undefined:
    case '':
    case 'on':
      return { control: CONTROL_ON, observe: false }
    case 'off':
      return { control: CONTROL_OFF, observe: false }
    case 'freeze':
      return { control: CONTROL_FREEZE, observe: false }
    case 'observe':
      return { control: CONTROL_ON, observe: true }
    default:
      throw invalid('environment variable HOMEOSTAT', "one of 'on', 'off', 'freeze', 'observe'", value)
  }
}

export { SOURCE_API, SOURCE_ENV, SOURCE_FILE, SOURCE_SIGNAL }
