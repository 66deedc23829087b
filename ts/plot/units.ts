/** Marks of an axis in words: durations as 250 ms or 5 min, bytes as 64 KiB, other numbers with as many digits as tell them apart. */
import type { PlotKnobKind } from './data.js'
import { type Scale, scale, share, ticks } from './scale.js'
import { number } from './text.js'

export interface Tick {
  /** Share of the axis, 0 to 1. */
  readonly at: number
  readonly label: string
}

type Unit = readonly [name: string, size: number]
const TIME: readonly Unit[] = [
  ['ns', 1e-6],
  ['µs', 1e-3],
  ['ms', 1],
  ['s', 1e3],
  ['min', 6e4],
  ['h', 36e5],
  ['d', 864e5],
]
const BYTES: readonly Unit[] = [
  ['B', 1],
  ['KiB', 2 ** 10],
  ['MiB', 2 ** 20],
  ['GiB', 2 ** 30],
  ['TiB', 2 ** 40],
]
/** Durations that people name, for log axes; tiers of falling importance. */
const NAMED_TIME: readonly (readonly number[])[] = [
  [1e-6, 1e-3, 1, 1e3, 6e4, 36e5, 864e5, 864e6, 864e7],
  [1e-5, 1e-4, 1e-2, 1e-1, 10, 100, 1e4, 6e5, 432e5, 2592e6],
  [2, 5, 20, 50, 200, 500, 2e3, 5e3, 3e4, 12e4, 3e5, 18e5, 72e5, 216e5, 1728e5, 432e6],
]
const NAMED_BYTES: readonly (readonly number[])[] = [
  [0, 10, 20, 30, 40, 50].map((power) => 2 ** power),
  [5, 15, 25, 35, 45].map((power) => 2 ** power),
  [2, 4, 6, 8, 12, 14, 16, 18, 22, 24, 26, 28, 32, 34, 36, 38].map((power) => 2 ** power),
  [1, 3, 7, 9, 11, 13, 17, 19, 21, 23, 27, 29, 31, 33, 37, 39].map((power) => 2 ** power),
]

const unitsOf = (kind: PlotKnobKind): readonly Unit[] | undefined =>
  kind === 'duration' ? TIME : kind === 'bytes' ? BYTES : undefined

/** The largest unit that the value holds at least once. */
function unitFor(units: readonly Unit[], value: number): Unit {
  return units.findLast(([, size]) => Math.abs(value) >= size) ?? (units[0] as Unit)
}

/** One value in words. */
export function quantity(value: number, kind: PlotKnobKind = 'number', digits = 4): string {
  const units = unitsOf(kind)
  if (!units || !Number.isFinite(value)) return number(value, digits)
  const zero = units === TIME ? 'ms' : 'B'
  if (value === 0) return `0 ${zero}`
  const [name, size] = unitFor(units, value)
  return `${number(value / size, digits)} ${name}`
}

/** At most `most` marks, none outside. */
export function labelled(of: Scale, kind: PlotKnobKind, most: number): Tick[] {
  const units = unitsOf(kind)
  if (units && of.log) {
    const named = spaced(of, kind === 'bytes' ? NAMED_BYTES : NAMED_TIME, most)
    if (named.length >= 2) return named.map((value) => ({ at: share(of, value), label: quantity(value, kind) }))
  }
  if (units && !of.log) {
    const [name, size] = unitFor(units, of.high / 2)
    const list = wholeIf(kind === 'bytes' && size === 1, ticks(scale(of.low / size, of.high / size), most))
    return list.map((value) => ({ at: share(of, value * size), label: `${number(value, digitsFor(list))} ${name}` }))
  }
  const list = wholeIf(kind === 'integer', ticks(of, most))
  return list.map((value) => ({ at: share(of, value), label: number(value, digitsFor(list)) }))
}

/** Whole numbers only, where others would mark what the knob cannot be. */
function wholeIf(whole: boolean, list: number[]): number[] {
  const kept = whole ? list.filter(Number.isInteger) : list
  return kept.length >= 1 ? kept : list
}

/** Enough digits to tell neighbouring marks apart. */
function digitsFor(list: readonly number[]): number {
  const labels = (digits: number) => new Set(list.map((value) => number(value, digits))).size
  let digits = 3
  while (digits < 17 && (labels(digits) < list.length || list.some((value) => drifted(value, list, digits)))) digits++
  return digits
}

/** Whether rounding moves a mark by more than a hundredth of the way to its neighbour. */
function drifted(value: number, list: readonly number[], digits: number): boolean {
  const gap = Math.min(...list.filter((other) => other !== value).map((other) => Math.abs(other - value)))
  return Math.abs(Number(value.toPrecision(digits)) - value) > gap / 100
}

/** Tier by tier, what keeps its distance from the marks already there. */
function spaced(of: Scale, tiers: readonly (readonly number[])[], most: number): number[] {
  const taken: number[] = []
  for (const tier of tiers) {
    for (const value of tier) {
      if (value < of.low || value > of.high || taken.length >= most) continue
      const clear = taken.every((other) => Math.abs(share(of, value) - share(of, other)) >= 0.9 / most)
      if (clear) taken.push(value)
    }
  }
  return taken.sort((a, b) => a - b)
}
