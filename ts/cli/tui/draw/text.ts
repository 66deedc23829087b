/** Texts of an exact width, with colours in them. */
import { type Style, width } from '../../ui/terminal.js'

export interface Paints extends Style {
  /** What is chosen. */
  readonly inverse: (text: string) => string
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours
const SGR = /\u001b\[[\d;]*m/y
const RESET = '\u001b[0m'

/** Cut or filled to exactly so many cells; an ellipsis stands where something is left out. */
export function fitted(text: string, cells: number): string {
  if (cells <= 0) return ''
  const full = width(text)
  if (full <= cells) return text + ' '.repeat(cells - full)
  let kept = ''
  let used = 0
  let painted = false
  for (let i = 0; i < text.length; ) {
    SGR.lastIndex = i
    const colour = SGR.exec(text)?.[0]
    if (colour !== undefined) {
      kept += colour
      painted = true
      i += colour.length
      continue
    }
    const char = String.fromCodePoint(text.codePointAt(i) as number)
    const size = width(char)
    if (used + size > cells - 1) break
    kept += char
    used += size
    i += char.length
  }
  return `${kept}…${painted ? RESET : ''}${' '.repeat(cells - used - 1)}`
}

export const fittedRight = (text: string, cells: number): string =>
  width(text) >= cells ? fitted(text, cells) : ' '.repeat(cells - width(text)) + text

/** Texts beside one another as long as there is room, the most important first. */
export function joined(parts: readonly string[], cells: number, gap = '  '): string {
  let text = ''
  for (const part of parts) {
    if (part === '') continue
    const next = text === '' ? part : text + gap + part
    if (width(next) > cells && text !== '') break
    text = next
  }
  return text
}

/** Words over as many lines as they need. */
export function wrapped(text: string, cells: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const next = line === '' ? word : `${line} ${word}`
    if (width(next) <= cells || line === '') line = next
    else {
      lines.push(line)
      line = word
    }
  }
  return [...lines, line]
}

export interface Cell {
  readonly text: string
  readonly cells: number
  readonly right?: boolean
}

/** Cells of a row; what has no width is left out. */
export const row = (cells: readonly Cell[], gap = ' '): string =>
  cells
    .filter((one) => one.cells > 0)
    .map(({ text, cells: size, right }) => (right === true ? fittedRight(text, size) : fitted(text, size)))
    .join(gap)

/** What terminals without UTF-8 show in the place of it, cell by cell. */
const PLAIN: Readonly<Record<string, string>> = {
  '…': '.',
  '–': '-',
  '→': '>',
  '▸': '>',
  '●': '*',
  '○': 'o',
  '◆': '+',
  '×': 'x',
  '·': '.',
  '─': '-',
  '━': '=',
  '│': '|',
  '█': '#',
  '░': '.',
  '≤': '<',
  '≥': '>',
  µ: 'u',
  '“': '"',
  '”': '"',
  '’': "'",
  '↑': '^',
  '↓': 'v',
}
const LEVELS = '▁▂▃▄▅▆▇█'
const PLAIN_LEVELS = '_.,-=+*#'

export function ascii(text: string): string {
  let plain = ''
  for (const char of text) {
    const code = char.codePointAt(0) as number
    if (code < 128) plain += char
    else if (code >= 0x2800 && code <= 0x28ff) plain += code === 0x2800 ? ' ' : ':'
    else if (LEVELS.includes(char)) plain += PLAIN_LEVELS[LEVELS.indexOf(char)]
    else plain += PLAIN[char] ?? '?'.repeat(width(char))
  }
  return plain
}

/** A line of bars; null: nothing is known. */
export function spark(values: readonly (number | null)[], low: number, high: number): string {
  return values
    .map((value) => {
      if (value === null) return ' '
      const share = high > low ? (value - low) / (high - low) : 0.5
      return LEVELS[Math.min(7, Math.max(0, Math.floor(share * 8)))]
    })
    .join('')
}
