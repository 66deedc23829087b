/**
 * Primitive checks of options. Each returns the value in its internal unit or throws an error that names option, range and value.
 */
import { HomeostatError, invalid, show } from '../errors.js'
import { parseBytes, parseDuration } from '../units.js'

const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/
/** Names that mean something on every object. */
const RESERVED = new Set(['constructor', 'prototype', 'toJSON', 'toString', 'valueOf', 'then', 'hasOwnProperty'])

export function name(option: string, value: unknown): string {
  if (typeof value !== 'string' || !NAME.test(value) || RESERVED.has(value)) {
    throw invalid(option, '1 to 64 of A-Z a-z 0-9 _ -, starting with a letter', value, 'HOMEOSTAT_INVALID_NAME')
  }
  return value
}

export function object(option: string, value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(option, 'an object', value)
  return value as Record<string, unknown>
}

/** Refuses keys that no option has: a typo must not silently mean the default. */
export function onlyKeys(option: string, value: object, allowed: readonly string[]): void {
  for (const key of Object.keys(value)) {
    if (allowed.includes(key)) continue
    const at = option === '' ? key : `${option}.${key}`
    throw new HomeostatError('HOMEOSTAT_UNKNOWN_OPTION', `${at} is not an option; known are ${allowed.join(', ')}`, {
      option: at,
      range: allowed.join(', '),
      received: key,
    })
  }
}

export function oneOf<const T extends string>(option: string, value: unknown, allowed: readonly T[], fallback?: T): T {
  if (value === undefined && fallback !== undefined) return fallback
  if (!(allowed as readonly unknown[]).includes(value))
    throw invalid(option, `one of ${allowed.map(show).join(', ')}`, value)
  return value as T
}

export interface NumberRange {
  readonly min: number
  readonly max: number
  readonly whole?: boolean
  readonly fallback?: number
  /** Excludes `min` itself. */
  readonly open?: boolean
}

export function number(option: string, value: unknown, range: NumberRange): number {
  if (value === undefined && range.fallback !== undefined) return range.fallback
  const text = `${range.whole ? 'a whole number' : 'a number'} ${range.open ? 'above' : 'from'} ${range.min} to ${range.max}`
  if (typeof value !== 'number' || !Number.isFinite(value)) throw invalid(option, text, value)
  if (value < range.min || value > range.max || (range.open === true && value === range.min))
    throw invalid(option, text, value)
  if (range.whole === true && !Number.isInteger(value)) throw invalid(option, text, value)
  return value
}

/** A duration in milliseconds. */
export function duration(option: string, value: unknown, range: NumberRange): number {
  if (value === undefined && range.fallback !== undefined) return range.fallback
  const ms = parseDuration(value)
  if (!Number.isFinite(ms) || ms < range.min || ms > range.max) {
    throw invalid(option, `a duration from ${range.min} ms to ${range.max} ms, such as 250, '250ms' or '30s'`, value)
  }
  return ms
}

/** A number in the core's terms; a duration is in microseconds there, and so is its range. */
export function scaled(
  option: string,
  value: unknown,
  range: NumberRange,
  kind: 'number' | 'whole' | 'duration',
): number {
  if (kind !== 'duration') return number(option, value, { ...range, whole: kind === 'whole' })
  return Math.round(duration(option, value, { min: range.min / 1000, max: range.max / 1000 }) * 1000)
}

/** A size in bytes. */
export function bytes(option: string, value: unknown, range: NumberRange): number {
  if (value === undefined && range.fallback !== undefined) return range.fallback
  const size = parseBytes(value)
  if (!Number.isFinite(size) || size < range.min || size > range.max) {
    throw invalid(option, `a size from ${range.min} to ${range.max} bytes, such as 65536, '64kB' or '1MiB'`, value)
  }
  return Math.floor(size)
}

export function boolean(option: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined) return fallback
  if (typeof value !== 'boolean') throw invalid(option, 'true or false', value)
  return value
}

export function text(option: string, value: unknown): string {
  if (typeof value !== 'string' || value === '' || value.length > 4096 || value.includes('\0')) {
    throw invalid(option, 'a path', value)
  }
  return value
}

export function fn(option: string, value: unknown): (...args: never[]) => unknown {
  if (typeof value !== 'function') throw invalid(option, 'a function', value)
  return value as (...args: never[]) => unknown
}
