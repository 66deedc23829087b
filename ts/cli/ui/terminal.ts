/**
 * What can be shown where: colour, width, and whether lines may be rewritten.
 */
import process from 'node:process'
import { stripVTControlCharacters } from 'node:util'

export type Paint = (text: string) => string

export interface Style {
  readonly bold: Paint
  readonly dim: Paint
  readonly red: Paint
  readonly green: Paint
  readonly yellow: Paint
  readonly cyan: Paint
}

export interface Stream {
  readonly isTTY?: boolean
  readonly columns?: number
}

const plain: Paint = (text) => text
const sgr = (on: number, off: number): Paint => {
  return (text) => `\u001b[${on}m${text}\u001b[${off}m`
}
const PLAIN: Style = { bold: plain, dim: plain, red: plain, green: plain, yellow: plain, cyan: plain }
const COLOURED: Style = {
  bold: sgr(1, 22),
  dim: sgr(2, 22),
  red: sgr(31, 39),
  green: sgr(32, 39),
  yellow: sgr(33, 39),
  cyan: sgr(36, 39),
}

/** Colour as https://no-color.org and https://force-color.org say, else on a terminal that has it. */
export function style(stream: Stream, wanted: boolean, env = process.env): Style {
  if (!wanted || (env.NO_COLOR !== undefined && env.NO_COLOR !== '')) return PLAIN
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '') return env.FORCE_COLOR === '0' ? PLAIN : COLOURED
  return stream.isTTY === true && env.TERM !== 'dumb' ? COLOURED : PLAIN
}

/** Whether a line may be rewritten in place: a person watches. */
export function isLive(stream: Stream, env = process.env): boolean {
  return stream.isTTY === true && env.TERM !== 'dumb' && (env.CI === undefined || env.CI === '')
}

/** Columns of the terminal; of a file or a pipe, wide enough for anything. */
export function columns(stream: Stream, env = process.env): number {
  if (stream.isTTY !== true) return Number.MAX_SAFE_INTEGER
  return stream.columns || Number(env.COLUMNS) || 80
}

/** Cells that a text takes up, without its colours. Wide characters count two. */
export function width(text: string): number {
  let cells = 0
  for (const char of stripVTControlCharacters(text)) {
    const code = char.codePointAt(0) as number
    if (code < 32 || (code >= 0x300 && code <= 0x36f)) continue
    cells += isWide(code) ? 2 : 1
  }
  return cells
}

const isWide = (code: number): boolean =>
  (code >= 0x1100 && code <= 0x115f) ||
  (code >= 0x2e80 && code <= 0xa4cf) ||
  (code >= 0xac00 && code <= 0xd7a3) ||
  (code >= 0xf900 && code <= 0xfaff) ||
  (code >= 0xfe30 && code <= 0xfe6f) ||
  (code >= 0xff00 && code <= 0xff60) ||
  (code >= 0x1f300 && code <= 0x1faff) ||
  (code >= 0x20000 && code <= 0x3fffd)

/** Cuts a plain text to so many cells, with an ellipsis where something is left out. */
export function shorten(text: string, cells: number): string {
  if (width(text) <= cells) return text
  let used = 0
  let kept = ''
  for (const char of text) {
    used += width(char)
    if (used > cells - 1) break
    kept += char
  }
  return cells > 0 ? `${kept}…` : ''
}

export const padEnd = (text: string, cells: number): string => text + ' '.repeat(Math.max(0, cells - width(text)))
export const padStart = (text: string, cells: number): string => ' '.repeat(Math.max(0, cells - width(text))) + text

/** Text from outside, on one line and without control sequences: a script's message must not drive the terminal. */
export function clean(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
}
