/** One knob as an axis: where a value lies on it, and its marks in words. */
import { invalid } from '../errors.js'
import type { PlotKnobKind, StudyKnob, StudyTrial } from './data.js'
import { type Scale, scale, share } from './scale.js'
import { number, printable } from './text.js'
import { labelled, quantity, type Tick } from './units.js'

const KINDS: readonly PlotKnobKind[] = ['number', 'integer', 'boolean', 'choice', 'duration', 'bytes']
const CHOICES_MAX = 1024

export interface Knob {
  readonly name: string
  readonly kind: PlotKnobKind
  /** Behind the name, maybe empty. */
  readonly unit: string
  readonly periodic: boolean
  /** Of knobs with numbers. */
  readonly scale: Scale | undefined
  /** Of booleans and choices, in words. */
  readonly choices: readonly string[] | undefined
  /** What a trial has for this knob. */
  valueOf(trial: StudyTrial): unknown
  /** Place of a value, 0 to 1, clamped; undefined for what is no value of this knob. An option lies amid its share of the axis. */
  at(value: unknown): number | undefined
  /** Place of an option, from 0. */
  optionOf(value: unknown): number | undefined
  ticks(most: number): Tick[]
  /** A value in words. */
  words(value: unknown): string
}

export function knobOf(knob: StudyKnob, i: number): Knob {
  const option = `knobs[${i}]`
  const { name, kind = 'number' } = knob
  if (typeof name !== 'string') throw invalid(`${option}.name`, 'a string', name)
  if (!KINDS.includes(kind)) throw invalid(`${option}.kind`, `one of ${KINDS.join(', ')}`, kind)
  const common = {
    name,
    kind,
    unit: knob.unit ?? (kind === 'duration' ? 'ms' : kind === 'bytes' ? 'B' : ''),
    valueOf: ({ params }: StudyTrial) => (Object.hasOwn(params, name) ? params[name] : undefined),
  }
  return kind === 'boolean' || kind === 'choice'
    ? { ...common, ...optionAxis(option, knob, kind) }
    : { ...common, ...numberAxis(option, knob, kind) }
}

function numberAxis(option: string, knob: StudyKnob, kind: PlotKnobKind) {
  const { min, max } = knob
  if (typeof min !== 'number' || !Number.isFinite(min)) throw invalid(`${option}.min`, 'a finite number', min)
  if (typeof max !== 'number' || !Number.isFinite(max) || max < min) {
    throw invalid(`${option}.max`, `a finite number from ${min} up`, max)
  }
  if (knob.scale === 'log' && min <= 0) throw invalid(`${option}.min`, 'above 0 on a log scale', min)
  const axis = scale(min, max, knob.scale === 'log')
  return {
    periodic: knob.scale === 'periodic',
    scale: axis,
    choices: undefined,
    at: (value: unknown) => (typeof value === 'number' && Number.isFinite(value) ? share(axis, value) : undefined),
    optionOf: () => undefined,
    ticks: (most: number) => labelled(axis, kind, most),
    words: (value: unknown) => (typeof value === 'number' ? quantity(value, kind, 6) : other(value)),
  }
}

function optionAxis(option: string, knob: StudyKnob, kind: 'boolean' | 'choice') {
  const choices = kind === 'boolean' ? [false, true] : knob.choices
  if (!Array.isArray(choices) || choices.length === 0 || choices.length > CHOICES_MAX) {
    throw invalid(`${option}.choices`, `1 to ${CHOICES_MAX} options`, choices)
  }
  const places = new Map(choices.map((choice, i) => [choice, i]))
  // Values that came through text or through the seam: '8' for 8, 0 and 1 for booleans.
  const spelled = new Map(choices.map((choice, i) => [String(choice), i]))
  const optionOf = (value: unknown): number | undefined => {
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return undefined
    if (kind === 'boolean' && (value === 0 || value === 1)) return value
    return places.get(value) ?? spelled.get(String(value))
  }
  const middle = (i: number) => (i + 0.5) / choices.length
  const words = choices.map((choice) => printable(String(choice)))
  return {
    periodic: false,
    scale: undefined,
    choices: words,
    optionOf,
    at: (value: unknown) => {
      const i = optionOf(value)
      return i === undefined ? undefined : middle(i)
    },
    ticks: (most: number) => {
      const stride = Math.ceil(words.length / Math.max(1, most))
      return words.map((label, i) => ({ at: middle(i), label })).filter((_, i) => i % stride === 0)
    },
    words: other,
  }
}

function other(value: unknown): string {
  if (typeof value === 'number') return number(value, 17)
  return typeof value === 'string' || typeof value === 'boolean' ? printable(String(value)) : '–'
}
