/**
 * Durations and byte sizes as people write them. Both parsers return NaN for what they do not understand; the caller
 * knows the option's name and raises the error.
 */

/** Milliseconds as a number, or text such as `'250us'`, `'250ms'`, `'30s'`, `'2m'`, `'1h'`, `'1d'`. */
export type DurationInput = number | `${number}${'us' | 'ms' | 's' | 'm' | 'h' | 'd'}`

/** Bytes as a number, or text such as `'512B'`, `'64kB'` (1000) or `'1MiB'` (1024 * 1024). */
export type BytesInput = number | `${number}${'B' | 'kB' | 'MB' | 'GB' | 'KiB' | 'MiB' | 'GiB'}`

const DURATION_MS: Readonly<Record<string, number>> = { us: 1e-3, ms: 1, s: 1e3, m: 6e4, h: 3.6e6, d: 8.64e7 }
const BYTES: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
}
const QUANTITY = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*([A-Za-z]+)$/

function parse(input: unknown, units: Readonly<Record<string, number>>): number {
  if (typeof input === 'number') return input
  if (typeof input !== 'string' || input.length > 32) return Number.NaN
  const match = QUANTITY.exec(input.trim())
  if (!match) return Number.NaN
  const unit = Object.hasOwn(units, match[2] as string) ? units[match[2] as string] : undefined
  return unit === undefined ? Number.NaN : Number(match[1]) * unit
}

/** Milliseconds, or NaN when `input` is not a duration. */
export function parseDuration(input: unknown): number {
  return parse(input, DURATION_MS)
}

/** Bytes, or NaN when `input` is not a size. */
export function parseBytes(input: unknown): number {
  return parse(input, BYTES)
}
