/**
 * The objective's axis, one for all pictures of a study. Logarithmic where values are positive and span so much that a linear
 * axis would flatten the good ones; where a few bad values would still flatten the rest, the axis ends before them and they
 * are drawn at its edge.
 */
import { padded, type Scale, scale, share } from './scale.js'
import type { Study } from './study.js'
import { labelled, type Tick } from './units.js'

/** Largest over smallest value from which a log axis helps. */
const LOG_FROM = 50
/** Share of the values that the axis always holds, counted from the best. */
const HELD = 0.9
/** The axis ends early where all values would need this many times the room of those held. */
const ROOM = 5

export interface ValueAxis {
  readonly scale: Scale
  /** Whether the value lies beyond the end that is cut off. */
  beyond(value: number): boolean
  /** 0 at the low end, 1 at the high end. */
  at(value: number): number
  ticks(most: number): Tick[]
}

/** Undefined without any value. */
export function valueAxis(study: Study): ValueAxis | undefined {
  const source = study.complete.length > 0 ? study.complete : study.points
  const values = source.flatMap(({ value }) => (value === undefined ? [] : [value]))
  if (study.best) values.push(study.best.value)
  if (values.length === 0) return undefined
  const up = study.direction === 'minimize'
  values.sort((a, b) => (up ? a - b : b - a))
  const [best, worst] = [values[0] as number, values.at(-1) as number]
  const log = wantsLog(values, up)
  const held = values[Math.floor(HELD * (values.length - 1))] as number
  const end = cutAt(best, held, worst, log) ?? worst
  const axis = padded(up ? scale(best, end, log) : scale(end, best, log))
  const cut = end !== worst
  return {
    scale: axis,
    beyond: (value) => cut && (up ? value > axis.high : value < axis.low),
    at: (value) => share(axis, value),
    ticks: (most) => labelled(axis, 'number', most),
  }
}

/** `values` from the best to the worst. */
function wantsLog(values: readonly number[], up: boolean): boolean {
  const [low, high] = up ? [values[0], values.at(-1)] : [values.at(-1), values[0]]
  if (low === undefined || high === undefined || low <= 0 || high / low < LOG_FROM) return false
  // Larger is better: only where most values lie far below the best ones, or it is the bad ones that get the room.
  return up || (values[values.length >> 1] as number) < high / 10
}

/** Where to end an axis before the worst value, if it should end before. */
function cutAt(best: number, held: number, worst: number, log: boolean): number | undefined {
  const of = log ? Math.log : (value: number) => value / 2
  const back = log ? Math.exp : (value: number) => value * 2
  const [from, to, last] = [of(best), of(held), of(worst)]
  if (to === from || Math.abs(last - from) <= ROOM * Math.abs(to - from)) return undefined
  const end = back(to + (to - from) / 2)
  return Number.isFinite(end) && end !== held ? end : undefined
}
