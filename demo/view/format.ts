/** Numbers as people read them; every function answers something short for what is not known. */

export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return '–'
  if (ms >= 9950) return `${(ms / 1000).toFixed(0)} s`
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`
  return `${ms.toFixed(0)} ms`
}

export function percent(share: number, digits = 1): string {
  return Number.isFinite(share) ? `${(share * 100).toFixed(digits)} %` : '–'
}

export function cost(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return '–'
  return value >= 99.95 ? value.toFixed(0) : value >= 9.995 ? value.toFixed(1) : value.toFixed(2)
}

/** The change from `before` to `after` in whole per cent, with its sign. */
export function relative(before: number, after: number): string {
  if (!(before > 0) || !Number.isFinite(after)) return ''
  const change = Math.round((after / before - 1) * 100)
  return change === 0 ? '±0 %' : change < 0 ? `−${-change} %` : `+${change} %`
}

/** Minutes and seconds of the run. */
export function clock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

export function thousands(count: number): string {
  return Math.round(count)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ' ')
}

/** The value of a knob in its own unit. */
export function knobValue(value: number): string {
  return duration(value)
}
