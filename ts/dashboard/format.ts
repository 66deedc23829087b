/** Numbers, times and names in words for people. */

import { quantity } from '../plot/units.js'
import type { Change, KnobState } from '../server/api/state.js'

export type Kind = KnobState['kind']
export type Shape = Pick<KnobState, 'kind' | 'choices'>

const MISSING = '–'

/** A value of a knob in its own terms: 5 min, 64 KiB, on, `lru`. */
export function knobValue(of: Shape, value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return MISSING
  if (of.kind === 'boolean') return value >= 0.5 ? 'on' : 'off'
  if (of.kind === 'choice') return String(of.choices?.[Math.round(value)] ?? value)
  if (of.kind === 'duration' || of.kind === 'bytes') return quantity(value, of.kind, 3)
  return number(value)
}

export function number(value: number | null | undefined, digits = 3): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return MISSING
  if (Number.isInteger(value) && Math.abs(value) < 1e7) return grouped(value)
  const size = Math.abs(value)
  if (size >= 1e7 || (size > 0 && size < 1e-4)) return value.toExponential(digits - 1)
  return size >= 10 ** digits ? grouped(Math.round(value)) : String(Number(value.toPrecision(digits)))
}

/** By hand: to make the first formatter of `Intl` takes longer than to build the page. */
const grouped = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ',')

export const percent = (share: number): string =>
  Number.isFinite(share)
    ? `${share === 0 ? 0 : share < 0.0995 ? (share * 100).toFixed(1) : Math.round(share * 100)} %`
    : MISSING

export const micros = (us: number | null | undefined): string =>
  us === null || us === undefined || !Number.isFinite(us) ? MISSING : quantity(us / 1000, 'duration', 3)

/** How long, for people: 4 s, 2 min 5 s, 3 h 12 min. */
export function span(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000))
  if (s < 60) return ms > 0 && ms < 1000 ? `${Math.round(ms)} ms` : `${s} s`
  if (s < 3600) return `${Math.floor(s / 60)} min${s % 60 === 0 ? '' : ` ${s % 60} s`}`
  if (s < 172_800) return `${Math.floor(s / 3600)} h${s % 3600 < 60 ? '' : ` ${Math.floor((s % 3600) / 60)} min`}`
  return `${Math.floor(s / 86_400)} days`
}

let days: Intl.DateTimeFormat | undefined
const two = (value: number): string => String(value).padStart(2, '0')

export function minute(atMs: number): string {
  const at = new Date(atMs)
  return `${two(at.getHours())}:${two(at.getMinutes())}`
}
export const clock = (atMs: number): string => `${minute(atMs)}:${two(new Date(atMs).getSeconds())}`
export function day(atMs: number): string {
  days ??= new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })
  return days.format(atMs)
}
export const moment = (atMs: number): string => `${day(atMs)}, ${clock(atMs)}`

/** `max_delta` and `shedFromTier` as words. */
export const words = (name: string): string =>
  name
    .replace(/[_-]+/g, ' ')
    .replace(/([a-z0-9])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`)
    .trim()

const CHANGE_WORDS: Readonly<Record<Change['type'], string>> = {
  applied: 'applied',
  rolledBack: 'rolled back',
  rejected: 'refused',
  safeMode: 'SafeMode',
  recovered: 'recovered',
  certified: 'certified',
  regression: 'regression',
  drift: 'drift',
  trialEnd: 'trial ended',
  recommended: 'recommended',
  withdrawn: 'withdrawn',
  control: 'kill switch',
  frozen: 'frozen',
  unfrozen: 'unfrozen',
  mode: 'mode',
  operator: 'operator',
  pushFailed: 'push failed',
  started: 'started',
  stopped: 'stopped',
  warning: 'warning',
}
export const changeWord = (type: Change['type']): string => CHANGE_WORDS[type] ?? words(type)

/** What colour a change has: what made values differ, what went wrong, what protects. */
export function toneOf(type: Change['type']): 'move' | 'bad' | 'guard' | 'plain' {
  if (type === 'applied' || type === 'recommended') return 'move'
  if (['rolledBack', 'regression', 'pushFailed', 'warning', 'drift'].includes(type)) return 'bad'
  if (['safeMode', 'rejected', 'control', 'frozen'].includes(type)) return 'guard'
  return 'plain'
}
