/** Marks of axes: at round times of the person's clock, and at round values in the knob's own terms. */
import { type Scale, share, ticks } from '../../plot/scale.js'
import { labelled, quantity, type Tick } from '../../plot/units.js'
import { clock, day, type Kind, minute } from '../format.js'

const S = 1000
const MIN = 60 * S
const H = 60 * MIN
const D = 24 * H
const STEPS = [
  ...[0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30].map((n) => n * S),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MIN),
  ...[1, 2, 3, 6, 12].map((n) => n * H),
  ...[1, 2, 7, 14, 30, 90, 365].map((n) => n * D),
]

export interface TimeMark {
  readonly atMs: number
  readonly label: string
}

export function timeMarks(fromMs: number, toMs: number, most: number): TimeMark[] {
  const length = toMs - fromMs
  const step = STEPS.find((one) => length / one <= most) ?? (STEPS.at(-1) as number)
  const offset = new Date(fromMs).getTimezoneOffset() * MIN
  const marks: TimeMark[] = []
  const first = Math.ceil((fromMs - offset) / step) * step + offset
  for (let atMs = first; atMs <= toMs && marks.length <= most; atMs += step) {
    marks.push({ atMs, label: step >= D ? day(atMs) : step >= MIN ? minute(atMs) : tenths(atMs, step) })
  }
  return marks
}

const tenths = (atMs: number, step: number): string =>
  step >= S ? clock(atMs) : `${clock(atMs)}.${Math.floor((((atMs % S) + S) % S) / 100)}`

/** Over a short stretch of a log axis few durations have names: then even steps, each with its unit. */
export function valueMarks(of: Scale, kind: Kind, most: number): Tick[] {
  const named = labelled(of, kind, most)
  if ((kind !== 'duration' && kind !== 'bytes') || named.every(({ label }) => /[a-zµ]/i.test(label))) return named
  return ticks(of, most).map((value) => ({ at: share(of, value), label: quantity(value, kind, 3) }))
}
