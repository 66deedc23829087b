/**
 * Text in pictures: names come from anywhere, so every one passes {@link escaped}. Widths are estimates for the widest of the
 * usual system fonts, since nothing here can measure a font.
 */

// Not allowed in XML (controls, halves of surrogate pairs), or able to turn the text around it (directional overrides).
const UNPRINTABLE = /[^\P{C}\t\n\r\u200b-\u200d\p{Co}\p{Cn}]|[\ufffe\uffff]/gu
const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text with nothing in it that a reader cannot see. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, '\ufffd')
}

/** Text as content or attribute of XML and of HTML. */
export function escaped(text: string): string {
  return printable(text).replace(/[&<>"']/g, (char) => ENTITIES[char] as string)
}

/** Width of a line in units of the font's size. */
export function widthOf(text: string): number {
  let width = 0
  for (const char of text) {
    const code = char.codePointAt(0) as number
    width +=
      code >= 0x1100 && !(code >= 0x2000 && code < 0x2e80)
        ? 1.05
        : /[MWmw@%]/.test(char)
          ? 0.95
          : /[iljtfrI.,:;|!' ()[\]]/.test(char)
            ? 0.4
            : 0.62
  }
  return width
}

/** The text, or its beginning and an ellipsis where `pixels` do not hold it. */
export function shortened(text: string, pixels: number, fontSize = 12): string {
  const line = printable(text).replace(/\s+/g, ' ')
  const room = pixels / fontSize
  if (widthOf(line) <= room) return line
  let cut = ''
  let width = widthOf('…')
  for (const char of line) {
    width += widthOf(char)
    if (width > room) break
    cut += char
  }
  return `${cut.trimEnd()}…`
}

const NAME_ENDS = 100

/** As {@link shortened}, with the ellipsis amid: names of one family differ at their ends. */
export function shortenedName(text: string, pixels: number, fontSize = 12): string {
  const line = printable(text).replace(/\s+/g, ' ')
  if (widthOf(line) * fontSize <= pixels) return line
  // No picture holds more than this; a longer name would only take long to cut.
  const all = [...line]
  const chars = all.length > 2 * NAME_ENDS ? [...all.slice(0, NAME_ENDS), ...all.slice(-NAME_ENDS)] : all
  for (let kept = chars.length - 1; kept > 2; kept--) {
    const head = Math.floor(kept / 2)
    const cut = `${chars.slice(0, head).join('')}…${chars.slice(chars.length - kept + head).join('')}`
    if (widthOf(cut) * fontSize <= pixels) return cut
  }
  return shortened(line, pixels, fontSize)
}

/** A number with at most `digits` significant digits, short: 1.2e-7, 0.03, 1234.5. */
export function number(value: number, digits = 6): string {
  if (!Number.isFinite(value)) return '–'
  if (value === 0) return '0'
  const size = Math.abs(value)
  const wide = Math.max(6, digits)
  const text = size >= 10 ** wide || size < 1e-4 ? value.toExponential(digits - 1) : value.toPrecision(digits)
  // A precision below the number of whole digits would be answered in exponents.
  const plain = size >= 1e-4 && size < 10 ** wide && text.includes('e') ? String(Math.round(Number(text))) : text
  return minus(
    plain
      .replace(/(\.\d*?)0+(?=e|$)/, '$1')
      .replace(/\.(?=e|$)/, '')
      .replace('e+', 'e'),
  )
}

/** A true minus sign, as wide as a digit. */
const minus = (text: string): string => text.replaceAll('-', '−')

/** Thousands apart by a thin space that does not break. */
export function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, '\u202f')
}

/** `1 trial`, `2 trials`. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`
}
