/**
 * A space as the user declares it, and its points on both sides of the seam: values by knob name here, numbers in knob units and
 * in order there (option index for choices, 0 or 1 for booleans).
 */
import type { StudyBound } from '../binding.js'
import { HomeostatError, invalid, show } from '../errors.js'
import * as check from '../schema/checks.js'
import type { KnobKind, KnobValues, Space } from '../schema/knob.js'
import { isName, KINDS, type RangeKind, resolveBounds, resolveChoices } from '../schema/resolve-knob.js'
import { parseBytes, parseDuration } from '../units.js'

/** A point of a space: values by knob name. Durations in milliseconds, sizes in bytes. */
export type Params<S extends Space> = KnobValues<S>

/** What a live knob has besides; here it means nothing, so that one declaration serves both. */
const LIVE = ['lag', 'apply', 'learn', 'shadow']
const KNOBS_MAX = 256

interface SpaceKnob {
  readonly name: string
  readonly kind: KnobKind
  readonly bound: StudyBound
  readonly choices: readonly unknown[]
  readonly initial: number | undefined
}

export class ResolvedSpace {
  readonly bounds: Readonly<Record<string, StudyBound>>
  /** The point that the declarations start from, where every knob has one. */
  readonly initial: Float64Array | undefined
  readonly names: readonly string[]
  readonly #knobs: readonly SpaceKnob[]

  /** Throws `HOMEOSTAT_INVALID_*` naming knob, range and value. */
  constructor(space: unknown) {
    const entries = Object.entries(check.object('space', space))
    if (entries.length < 1 || entries.length > KNOBS_MAX) {
      throw invalid('space', `1 to ${KNOBS_MAX} knobs`, `${entries.length} knobs`)
    }
    this.#knobs = entries.map(([name, declared]) => resolve(check.name(`space.${name}`, name), declared))
    this.names = this.#knobs.map(({ name }) => name)
    this.bounds = Object.fromEntries(this.#knobs.map(({ name, bound }) => [name, bound]))
    const initial = this.#knobs.map((knob) => knob.initial)
    this.initial = initial.includes(undefined) ? undefined : Float64Array.from(initial as number[])
  }

  get length(): number {
    return this.#knobs.length
  }

  toParams<S extends Space>(values: Float64Array): Params<S> {
    const params: Record<string, unknown> = {}
    const knobs = this.#knobs
    for (let i = 0; i < knobs.length; i++) {
      const { name, kind, choices } = knobs[i] as SpaceKnob
      const value = values[i] as number
      params[name] = kind === 'choice' ? choices[value] : kind === 'boolean' ? value !== 0 : value
    }
    return params as Params<S>
  }

  /** Throws `HOMEOSTAT_UNKNOWN_KNOB` or `HOMEOSTAT_INVALID_OPTION`; whether a value is within its bounds the core says. */
  toValues(option: string, params: unknown): Float64Array {
    const given = check.object(option, params)
    for (const name of Object.keys(given)) {
      if (this.#knobs.some((knob) => knob.name === name)) continue
      const at = `${option}.${name}`
      const range = this.names.join(', ')
      throw new HomeostatError('HOMEOSTAT_UNKNOWN_KNOB', `${at}: there is no such knob, known are ${range}`, {
        option: at,
        range,
        received: name,
      })
    }
    return Float64Array.from(this.#knobs, (knob) => toNumber(`${option}.${knob.name}`, knob, given[knob.name]))
  }
}

function resolve(name: string, declared: unknown): SpaceKnob {
  const at = `space.${name}`
  const { kind, options } = check.object(at, declared) as { kind: KnobKind; options: unknown }
  if (!KINDS.includes(kind)) throw invalid(at, 'made by knob.number(), knob.choice(), …', declared)
  const o = check.object(at, options)
  if (kind === 'boolean') {
    check.onlyKeys(at, o, ['initial', ...LIVE])
    const initial = o.initial === undefined ? undefined : Number(check.boolean(`${at}.initial`, o.initial, false))
    return { name, kind, bound: { kind }, choices: [], initial }
  }
  if (kind === 'choice') {
    check.onlyKeys(at, o, ['choices', 'initial', ...LIVE])
    const choices = resolveChoices(at, o.choices, 'names, numbers or booleans', isChoice)
    const initial = o.initial === undefined ? undefined : choices.indexOf(o.initial)
    if (initial === -1) throw invalid(`${at}.initial`, `one of ${choices.map(show).join(', ')}`, o.initial)
    return { name, kind, bound: { kind, choices: choices as string[] }, choices, initial }
  }
  check.onlyKeys(at, o, ['min', 'max', 'initial', 'scale', ...LIVE])
  const { scale, min, max, read } = resolveBounds(at, kind as RangeKind, o)
  const initial = o.initial === undefined ? undefined : read('initial')
  return { name, kind, bound: { kind, min, max, scale }, choices: [], initial }
}

const isChoice = (choice: unknown): boolean =>
  isName(choice) || typeof choice === 'boolean' || (typeof choice === 'number' && Number.isFinite(choice))

function toNumber(option: string, { kind, choices }: SpaceKnob, value: unknown): number {
  if (kind === 'choice') {
    const index = choices.indexOf(value)
    if (index < 0) throw invalid(option, `one of ${choices.map(show).join(', ')}`, value)
    return index
  }
  if (kind === 'boolean') {
    if (typeof value !== 'boolean') throw invalid(option, 'true or false', value)
    return value ? 1 : 0
  }
  const parsed = kind === 'duration' ? parseDuration(value) : kind === 'bytes' ? parseBytes(value) : value
  if (typeof parsed !== 'number' || !Number.isFinite(parsed)) throw invalid(option, `a finite ${kind}`, value)
  return parsed
}
