/** Parts of the state that the application adds: kernels with lifecycle, tags and speed-up, members of a fleet, whatever it has. */
import { number, words } from '../../../dashboard/format.js'
import { width } from '../../ui/terminal.js'
import { evidenceLines, shown } from './changes.js'
import { fitted, joined, type Paints, row, spark } from './text.js'
import type { View } from './view.js'

type Rec = Readonly<Record<string, unknown>>

const GOOD = /^(validated|certified|active|live|promoted|healthy|leader|present|good)$/i
const BAD = /^(rejected|failed|quarantined|gone|demoted|lost|bad)$/i
const MOVE = /^(candidate|compiling|canary|probation|tuning|move)$/i
const STATES = /^(lifecycle|state|stage|status|health|role)$/i
const COLUMNS_MAX = 12

const isRecord = (value: unknown): value is Rec => typeof value === 'object' && value !== null && !Array.isArray(value)
const isTable = (value: unknown): value is readonly Rec[] =>
  Array.isArray(value) && value.length > 0 && value.every(isRecord)

const toned = (paint: Paints, text: string): string =>
  GOOD.test(text) ? paint.green(text) : BAD.test(text) ? paint.red(text) : MOVE.test(text) ? paint.yellow(text) : text

function cell(paint: Paints, name: string, value: unknown): string {
  if (/^speed_?-?up$/i.test(name) && typeof value === 'number')
    return (value >= 1 ? paint.green : paint.red)(`${number(value)}×`)
  return STATES.test(name) ? toned(paint, shown(value)) : shown(value)
}

/** A table over the whole width; columns that find no room are left out from the right. */
function tableLines(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  columns: number,
  paint: Paints,
): string[] {
  const widths = head.map((title, i) => Math.min(32, Math.max(width(title), ...rows.map((one) => width(one[i] ?? '')))))
  let kept = widths.length
  const total = (): number => widths.slice(0, kept).reduce((sum, size) => sum + size + 2, 0)
  while (kept > 1 && total() > columns) kept--
  const line = (texts: readonly string[]): string =>
    fitted(
      row(
        texts.slice(0, kept).map((text, i) => ({ text, cells: widths[i] as number })),
        '  ',
      ),
      columns,
    )
  return [line(head.map((title) => paint.dim(title))), ...rows.map(line)]
}

function recordTable(rows: readonly Rec[], columns: number, paint: Paints): string[] {
  const names = [...new Set(rows.flatMap((one) => Object.keys(one)))].slice(0, COLUMNS_MAX)
  const cells = rows.map((one) => names.map((name) => cell(paint, name, one[name])))
  return tableLines(names.map(words), cells, columns, paint)
}

/** All of a section, in as many lines as it has. */
export function sectionLines({ seen, columns, paint }: View, name: string): string[] {
  const data = seen.state?.sections[name]
  if (isRecord(data) && isRecord(data.panel)) return panelLines(data.panel, columns, paint)
  if (isTable(data)) return recordTable(data, columns, paint)
  if (Array.isArray(data) && data.length === 0) return [fitted(paint.dim('Nothing here yet.'), columns)]
  if (!isRecord(data)) return [fitted(shown(data), columns)]
  const tables = Object.entries(data).filter(([, value]) => isTable(value)) as [string, readonly Rec[]][]
  const rest = Object.fromEntries(Object.entries(data).filter(([, value]) => !isTable(value)))
  return [
    ...evidenceLines(rest, columns, paint, 0),
    ...tables.flatMap(([title, rows]) => [
      '',
      fitted(paint.bold(words(title)), columns),
      ...recordTable(rows, columns, paint),
    ]),
  ]
}

function panelLines(panel: Rec, columns: number, paint: Paints): string[] {
  const list = (value: unknown): readonly Rec[] => (isTable(value) ? value : [])
  const figures = list(panel.figures).map(({ label, value, note = '', tone = '' }) => {
    const text = paint.bold(shown(value))
    const said = GOOD.test(String(tone)) ? paint.green(text) : BAD.test(String(tone)) ? paint.red(text) : text
    return fitted(joined([`${shown(label)} ${said}`, paint.dim(shown(note))], columns), columns)
  })
  const charts = list(panel.charts).flatMap(({ title, lines }) => [
    '',
    fitted(paint.bold(shown(title)), columns),
    ...list(lines).map(({ name, values }) => chartLine(shown(name), values, columns, paint)),
  ])
  const tables = list(panel.tables).flatMap(({ title, head, rows }) => [
    '',
    fitted(paint.bold(shown(title)), columns),
    ...tableLines(texts(head), (Array.isArray(rows) ? rows : []).map(texts), columns, paint),
  ])
  return [...figures, ...charts, ...tables]
}

const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(shown) : [])

function chartLine(name: string, values: unknown, columns: number, paint: Paints): string {
  const cells = Math.max(4, columns - 26)
  const all = (Array.isArray(values) ? values : []).map((one) =>
    typeof one === 'number' && Number.isFinite(one) ? one : null,
  )
  const taken = Array.from({ length: Math.min(cells, all.length) }, (_, i) => {
    const at = Math.floor((i * all.length) / Math.min(cells, all.length))
    return all[at] ?? null
  })
  const known = taken.filter((one) => one !== null)
  const last = all.findLast((one) => one !== null) ?? null
  const line = known.length === 0 ? '' : spark(taken, Math.min(...known), Math.max(...known))
  return fitted(`  ${fitted(name, 14)} ${paint.cyan(line)} ${number(last)}`, columns)
}

/** A section in a line: how much of what there is. */
export function sectionStrips(view: View): string[] {
  const { seen, columns, paint } = view
  return Object.entries(seen.state?.sections ?? {}).map(([name, data]) =>
    fitted(joined([paint.bold(words(name)), ...brief(data, paint)], columns), columns),
  )
}

function brief(data: unknown, paint: Paints): string[] {
  if (Array.isArray(data)) {
    const field = isTable(data) ? Object.keys(data[0] ?? {}).find((key) => STATES.test(key)) : undefined
    if (field === undefined) return [`${number(data.length)}`]
    const counts = new Map<string, number>()
    for (const one of data as readonly Rec[]) counts.set(shown(one[field]), (counts.get(shown(one[field])) ?? 0) + 1)
    return [...counts].map(([state, count]) => `${number(count)} ${toned(paint, state)}`)
  }
  if (!isRecord(data)) return [shown(data)]
  if (isRecord(data.panel)) {
    const { figures } = data.panel
    return (isTable(figures) ? figures : []).map(({ label, value }) => `${paint.dim(shown(label))} ${shown(value)}`)
  }
  return Object.entries(data).map(([key, value]) =>
    isTable(value) ? [words(key), ...brief(value, paint)].join(' ') : `${paint.dim(words(key))} ${shown(value)}`,
  )
}
