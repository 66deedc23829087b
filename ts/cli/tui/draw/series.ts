/** Series as columns of a picture, and pictures of them. */
import type { Range } from '../../../server/history/history.js'
import type { Paint } from '../../ui/terminal.js'

export interface Column {
  readonly min: number
  readonly max: number
  readonly mean: number
}

/**
 * The buckets of a series as so many columns. `held`: what was last known is so until something else is, as values of knobs are.
 */
export function columnsOf(range: Range | null, name: string, count: number, held: boolean): (Column | null)[] {
  const found: (Column | null)[] = new Array(Math.max(0, count)).fill(null)
  const series = range?.series[name]
  if (range === null || series === undefined || !(range.toMs > range.fromMs)) return found
  range.atMs.forEach((atMs, i) => {
    const [min, max, mean] = [series.min[i], series.max[i], series.mean[i]]
    if (min == null || max == null || mean == null) return
    const share = (atMs - range.fromMs) / (range.toMs - range.fromMs)
    const at = Math.min(count - 1, Math.max(0, Math.floor(share * count)))
    const before = found[at]
    found[at] =
      before == null ? { min, max, mean } : { min: Math.min(min, before.min), max: Math.max(max, before.max), mean }
  })
  if (held) {
    for (let i = 1; i < count; i++) {
      const before = found[i - 1] ?? null
      found[i] ??= before === null ? null : { min: before.mean, max: before.mean, mean: before.mean }
    }
  }
  return found
}

/** Dots of braille: two to a cell across, four down. */
const DOTS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const

/** A picture of dots in two layers; where both have dots in a cell, the upper one is shown. */
export class Canvas {
  readonly columns: number
  readonly rows: number
  readonly #upper: Uint8Array
  readonly #lower: Uint8Array

  constructor(columns: number, rows: number) {
    this.columns = columns
    this.rows = rows
    this.#upper = new Uint8Array(columns * rows)
    this.#lower = new Uint8Array(columns * rows)
  }

  /** A dot; `y` is 0 at the bottom and 1 at the top. What lies outside is left out. */
  dot(layer: 'upper' | 'lower', x: number, y: number): void {
    const down = Math.round((1 - y) * (this.rows * 4 - 1))
    const column = x >> 1
    if (column < 0 || column >= this.columns || down < 0 || down >= this.rows * 4) return
    const at = (down >> 2) * this.columns + column
    const bits = layer === 'upper' ? this.#upper : this.#lower
    bits[at] = (bits[at] as number) | (DOTS[down & 3]?.[x & 1] as number)
  }

  /** Everything from one height to another. */
  bar(layer: 'upper' | 'lower', x: number, from: number, to: number): void {
    const step = 1 / (this.rows * 4 - 1)
    for (let y = from; y < to + step / 2; y += step) this.dot(layer, x, y)
    this.dot(layer, x, to)
  }

  lines(upper: Paint, lower: Paint): string[] {
    return Array.from({ length: this.rows }, (_, y) => {
      let line = ''
      for (let x = 0; x < this.columns; x++) {
        const at = y * this.columns + x
        const [above, below] = [this.#upper[at] as number, this.#lower[at] as number]
        if (above !== 0) line += upper(String.fromCodePoint(0x2800 + above))
        else line += below !== 0 ? lower(String.fromCodePoint(0x2800 + below)) : ' '
      }
      return line
    })
  }
}
