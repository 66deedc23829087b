/**
 * Numbers and times as people read them.
 */

/** A number in at most seven significant digits; JSON output keeps all of them. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value)
  const size = Math.abs(value)
  if (size >= 1e15 || size < 1e-4) return value.toExponential(4).replace(/\.?0+e/, 'e')
  return String(Number(value.toPrecision(7)))
}

export function value(of: unknown): string {
  return typeof of === 'number' ? number(of) : String(of)
}

/** Params on one line: `lr=0.01 depth=7`. */
export function params(of: Readonly<Record<string, unknown>>): string {
  return Object.entries(of)
    .map(([name, v]) => `${name}=${value(v)}`)
    .join(' ')
}

export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return '?'
  if (ms < 1000) return `${Math.round(ms)} ms`
  const s = ms / 1000
  if (s < 59.5) return `${s < 9.95 ? s.toFixed(1) : Math.round(s)} s`
  const minutes = Math.round(s / 60)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.round(hours / 24)} d`
}

export function bytes(count: number): string {
  if (count < 1000) return `${count} B`
  const units = ['kB', 'MB', 'GB', 'TB']
  let size = count
  let unit = -1
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1000
    unit++
  }
  return `${size < 10 ? size.toFixed(1) : Math.round(size)} ${units[unit]}`
}

export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`
