/**
 * Comma-separated values as RFC 4180 says, written and read.
 */

export function csvLine(cells: readonly unknown[]): string {
  return cells.map(cell).join(',')
}

function cell(value: unknown): string {
  if (value === undefined || value === null) return ''
  const text = String(value)
  return /[",\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text
}

/** Rows of cells. Throws with the line where a quote is not closed or stands in the middle of a cell. */
export function parseCsv(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  let at = 0
  let line = 1
  while (at < text.length) {
    const quoted = text[at] === '"'
    let value = ''
    if (quoted) {
      const opened = line
      for (at++; ; at++) {
        if (at >= text.length) throw new Error(`line ${opened}: a quote is not closed`)
        if (text[at] === '\n') line++
        if (text[at] !== '"') value += text[at]
        else if (text[at + 1] === '"') {
          value += '"'
          at++
        } else break
      }
      at++
    } else {
      const end = endOfCell(text, at)
      value = text.slice(at, end)
      if (value.includes('"')) throw new Error(`line ${line}: a quote in the middle of a cell`)
      at = end
    }
    row.push(value)
    if (text[at] === '\r' && text[at + 1] === '\n') at++
    if (at >= text.length || text[at] === '\n') {
      if (row.length > 1 || row[0] !== '') rows.push(row)
      row = []
      line++
      at++
    } else if (text[at] === ',') {
      at++
      if (at >= text.length) row.push('')
    } else throw new Error(`line ${line}: something follows a closing quote`)
  }
  if (row.length > 0) rows.push(row)
  return rows
}

function endOfCell(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const char = text[at]
    if (char === ',' || char === '\n' || (char === '\r' && text[at + 1] === '\n')) return at
  }
  return text.length
}
