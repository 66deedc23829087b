/**
 * A study's points as the user sees them (values by knob name) and as the core does (numbers in knob units, in order).
 */
import type { StudyBound, StudyConfig } from '../../binding.js'
import { HomeostatError, show } from '../../errors.js'

export type ParamValue = number | string | boolean
export type Params = Readonly<Record<string, ParamValue>>

/** Objects do not keep the order of keys that are whole numbers. */
const UNUSABLE = /^(\d+|__proto__)$/

interface Knob {
  readonly name: string
  readonly kind: NonNullable<StudyBound['kind']>
  readonly choices: readonly ParamValue[]
}

export class Knobs {
  readonly names: readonly string[]
  readonly #knobs: readonly Knob[]
  readonly #known: ReadonlySet<string>

  constructor(config: StudyConfig) {
    for (const name of Object.keys(config.bounds)) {
      if (UNUSABLE.test(name))
        throw new HomeostatError(
          'HOMEOSTAT_INVALID_KNOB',
          `bounds.${name}: a knob's name must not be a number or __proto__`,
        )
    }
    this.#knobs = Object.entries(config.bounds).map(([name, { kind = 'number', choices = [] }]) => ({
      name,
      kind,
      choices,
    }))
    this.names = this.#knobs.map(({ name }) => name)
    this.#known = new Set(this.names)
  }

  get length(): number {
    return this.#knobs.length
  }

  toParams(values: Float64Array): Params {
    const params: Record<string, ParamValue> = {}
    for (let i = 0; i < this.#knobs.length; i++) {
      const { name, kind, choices } = this.#knobs[i] as Knob
      const value = values[i] as number
      params[name] = kind === 'choice' ? (choices[value] as ParamValue) : kind === 'boolean' ? value !== 0 : value
    }
    return params
  }

  /** Throws `HOMEOSTAT_UNKNOWN_KNOB` or `HOMEOSTAT_INVALID_OPTION`, naming the knob; ranges are the core's to check. */
  toValues(params: unknown, out: Float64Array): Float64Array {
    if (typeof params !== 'object' || params === null || Array.isArray(params))
      throw invalidPoint('params', 'an object of values by knob name', params)
    const given = params as Record<string, unknown>
    let missing: string | undefined
    for (let i = 0; i < this.#knobs.length; i++) {
      const knob = this.#knobs[i] as Knob
      if (Object.hasOwn(given, knob.name)) out[i] = toNumber(knob, given[knob.name])
      else missing ??= knob.name
    }
    for (const name in given) {
      if (!this.#known.has(name)) {
        const names = this.names.length > 12 ? [...this.names.slice(0, 12), '…'] : this.names
        throw new HomeostatError(
          'HOMEOSTAT_UNKNOWN_KNOB',
          `the study has no knob ${show(name)}, only ${names.join(', ')}`,
          { option: `params.${name}`, received: given[name] },
        )
      }
    }
    if (missing !== undefined) throw invalidPoint(`params.${missing}`, 'given: every knob needs a value', undefined)
    return out
  }
}

function toNumber(knob: Knob, value: unknown): number {
  const option = `params.${knob.name}`
  if (knob.kind === 'choice') {
    const at = knob.choices.indexOf(value as ParamValue)
    if (at < 0) throw invalidPoint(option, `one of ${knob.choices.map((choice) => show(choice)).join(', ')}`, value)
    return at
  }
  if (knob.kind === 'boolean') {
    if (typeof value !== 'boolean') throw invalidPoint(option, 'true or false', value)
    return value ? 1 : 0
  }
  if (typeof value !== 'number' || !Number.isFinite(value)) throw invalidPoint(option, 'a finite number', value)
  return value
}

function invalidPoint(option: string, range: string, received: unknown): HomeostatError {
  return new HomeostatError('HOMEOSTAT_INVALID_OPTION', `${option} must be ${range}, received ${show(received)}`, {
    option,
    range,
    received,
  })
}
