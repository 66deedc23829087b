const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']
const LEVELS = '▁▂▃▄▅▆▇█'

/** A bar of `share` of `width` columns, in eighths of a column, padded to the width. */
export function bar(share: number, width: number): string {
  const eighths = Math.round(Math.max(0, Math.min(1, share)) * width * 8)
  const full = Math.floor(eighths / 8)
  const text = '█'.repeat(full) + (EIGHTHS[eighths % 8] ?? '')
  return text.padEnd(width)
}

/** The last `width` values as one line; what is above `top` is shown at the top. */
export function sparkline(values: readonly number[], width: number, top: number): string {
  return values
    .slice(-width)
    .map((value) => LEVELS[Math.max(0, Math.min(7, Math.floor((value / top) * 8)))])
    .join('')
}

/** A position between two ends. `share` in 0 to 1. */
export function slider(share: number, width: number, mark = '●'): string {
  const at = Math.round(Math.max(0, Math.min(1, share)) * (width - 1))
  return `${'─'.repeat(at)}${mark}${'─'.repeat(width - 1 - at)}`
}
