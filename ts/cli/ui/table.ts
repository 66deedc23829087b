/**
 * Columns that line up, cut to the width that there is.
 */
import { padEnd, padStart, shorten, width } from './terminal.js'

export interface Column {
  readonly title: string
  /** Numbers line up at their right. */
  readonly right?: boolean
}

const GAP = '  '

/** Lines of a table, its titles first. The last column gives way where the terminal is narrow; then the ones before it. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], cells: number): string[] {
  const widths = columns.map(({ title }, i) => Math.max(width(title), ...rows.map((row) => width(row[i] ?? ''))))
  for (let i = widths.length - 1; i >= 0; i--) {
    const over = total(widths) - cells
    if (over <= 0) break
    widths[i] = Math.max(Math.min(widths[i] as number, 6), (widths[i] as number) - over)
  }
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => {
        const room = widths[i] as number
        const text = width(cell) > room ? shorten(cell, room) : cell
        return columns[i]?.right === true ? padStart(text, room) : padEnd(text, room)
      })
      .join(GAP)
      .trimEnd()
  return [line(columns.map(({ title }) => title)), ...rows.map(line)]
}

const total = (widths: readonly number[]): number =>
  widths.reduce((sum, w) => sum + w, 0) + GAP.length * (widths.length - 1)

/** `name  value` pairs, the names dimmed by `paint`. */
export function pairs(entries: readonly (readonly [string, string])[], paint: (text: string) => string): string[] {
  const names = Math.max(0, ...entries.map(([name]) => width(name)))
  return entries.map(([name, text]) => `  ${paint(padEnd(name, names))}  ${text}`)
}
