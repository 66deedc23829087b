/**
 * A whole screen: exactly as many lines as it has, each exactly as wide. Only what is given decides, so that a frame can be tested
 * letter by letter.
 */

import { width } from '../../ui/terminal.js'
import { changeLines } from './changes.js'
import { knobChart, knobLines } from './knobs.js'
import { breakerLines, breakerStrip, cascadeLines, queueLines, queueStrip } from './reflex.js'
import { sectionLines, sectionStrips } from './sections.js'
import { alerts, figures, header } from './summary.js'
import { fitted, joined, row, wrapped } from './text.js'
import { tabsOf, type View } from './view.js'

export const COLUMNS_LEAST = 24
export const ROWS_LEAST = 6

const KEYS: readonly (readonly [string, string])[] = [
  ['q', 'quit; so does Ctrl-C'],
  ['Tab, 1 to 9', 'the next view, or one by its number'],
  ['↑ ↓, j k', 'choose a line; PgUp, PgDn, Home, End'],
  ['Enter', 'all that is known of the chosen line; Esc closes it'],
  ['[ ]', 'another tuner'],
  ['+ -', 'look closer, look wider'],
  ['p', 'show probes among the changes, or leave them out'],
  ['f', 'freeze the chosen knob, or let it go'],
  ['F', 'freeze every knob, or let them go'],
  ['r', 'roll back to the certified configuration'],
  ['s', 'leave SafeMode; outside of it, enter it'],
  ['Ctrl-L', 'draw everything again; try to connect again'],
]

export function frame(view: View): string[] {
  const { columns, rows } = view
  if (columns < COLUMNS_LEAST || rows < ROWS_LEAST) {
    const lines = [fitted(`${columns}x${rows} is too small`, columns), fitted('q quits', columns)]
    return filled(lines, columns, rows)
  }
  const top = [header(view), ...alerts(view).slice(0, Math.max(1, rows - 5)), ...(rows >= 10 ? figures(view) : [])]
  const bar = rows >= 8 ? [tabBar(view)] : []
  const bottom = footer(view)
  const room = Math.max(0, rows - top.length - bar.length - bottom.length)
  const body = view.help ? helpLines(view) : bodyOf(view, room)
  const lines = [...top, ...bar, ...filled(body.slice(0, room), columns, room), ...bottom]
  return filled(lines, columns, rows)
}

const filled = (lines: readonly string[], columns: number, rows: number): string[] =>
  Array.from({ length: rows }, (_, i) => fitted(lines[i] ?? '', columns))

function tabBar(view: View): string {
  const { columns, paint, tab } = view
  const tabs = tabsOf(view)
  const texts = tabs.map(({ id, title }, i) => {
    const text = ` ${i + 1} ${title} `
    return id === tab ? paint.inverse(paint.bold(text.replace(/^ /, '▸'))) : paint.dim(text)
  })
  // The present one is always to be seen.
  const at = tabs.findIndex(({ id }) => id === tab)
  let from = 0
  while (from < at && joined(texts.slice(from), columns, '').split(texts[at] as string).length < 2) from++
  return fitted(joined(texts.slice(from), columns, ''), columns)
}

function footer(view: View): string[] {
  const { columns, paint, prompt, said } = view
  if (prompt !== undefined) {
    const detail = prompt.detail.map((line) => fitted(`  ${line}`, columns))
    const answer = `${paint.inverse(' y ')} yes  ${paint.inverse(' n ')} no`
    const together = `${paint.bold(prompt.question)} ${answer}`
    if (width(together) <= columns) return [...detail, fitted(together, columns)]
    const question = wrapped(prompt.question, columns).map((line) => fitted(paint.bold(line), columns))
    return [...question, ...detail, fitted(answer, columns)]
  }
  if (said !== undefined) return [fitted((said.bad ? paint.red : paint.green)(said.text), columns)]
  const keys = ['? help', 'q quit', 'Tab view', 'f freeze', 'r roll back', 's SafeMode', 'Enter more']
  return [
    fitted(
      joined(
        keys.map((text) => paint.dim(text)),
        columns,
      ),
      columns,
    ),
  ]
}

function helpLines({ columns, paint }: View): string[] {
  const keys = KEYS.map(([key, text]) =>
    row([
      { text: paint.bold(key), cells: 12 },
      { text, cells: columns - 13 },
    ]),
  )
  const signs = [
    `${paint.bold(paint.cyan('●'))} value  ${paint.yellow('━')} what one update may reach  ${paint.green('◆')} certified`,
    paint.dim('What is asked for is asked again first, is journaled, and is refused where the guardrails say so.'),
  ]
  return [...keys, '', ...signs].map((line) => fitted(line, columns))
}

function bodyOf(view: View, room: number): string[] {
  const { tab, cursor, seen, paint, columns } = view
  if (seen.state === null) return [fitted(paint.dim('Waiting for the first answer.'), columns)]
  if (tab === 'changes') return changeLines(view, room, true)
  if (tab === 'breakers') return breakerLines(view, room)
  if (tab === 'cascades') return cascadeLines(view, room)
  if (tab === 'queues') return scrolled(queueLines(view), room, cursor)
  if (tab.startsWith('section ')) return scrolled(sectionLines(view, tab.slice('section '.length)), room, cursor)
  return overview(view, room)
}

const scrolled = (lines: readonly string[], room: number, cursor: number): string[] => {
  const from = Math.max(0, Math.min(cursor, lines.length - room))
  return lines.slice(from, from + room)
}

/** Lines under the knobs that say of everything else how it does. */
const strips = (view: View): string[] => [...breakerStrip(view), ...queueStrip(view), ...sectionStrips(view)]

/** What matters most gets its room first: knobs, then how everything else does, then the chosen knob over time, then changes. */
function overview(view: View, room: number): string[] {
  const { tuner, knob, columns, paint } = view
  const below = strips(view)
  if (tuner === undefined)
    return [...below, ...(below.length === 0 ? [fitted(paint.dim('No tuner is here.'), columns)] : [])]
  const knobs = knobLines(view, Math.max(1, Math.min(tuner.knobs.length, Math.floor(room * 0.6))))
  const shownBelow = below.slice(0, Math.max(0, Math.min(below.length, room - knobs.length - 2)))
  let left = room - knobs.length - shownBelow.length
  const chosen = tuner.knobs[Math.min(knob, tuner.knobs.length - 1)]
  const chartRows = left >= 9 ? Math.min(14, Math.floor(left * 0.5)) : 0
  const chart = chosen === undefined || chartRows === 0 ? [] : ['', ...knobChart(view, tuner, chosen, chartRows - 1)]
  left -= chart.length
  const title = left >= 3 ? [fitted(paint.bold('changes'), columns)] : []
  const changes = changeLines(view, Math.max(0, left - title.length), false)
  const gap = Math.max(0, left - title.length - changes.length)
  return [...knobs, ...chart, ...title, ...changes, ...new Array<string>(gap).fill(''), ...shownBelow]
}

/** Everything once, in as many lines as it needs: for a pipe, or to be read top to bottom. */
export function report(view: View): string[] {
  const { tuner, seen, columns, paint } = view
  const block = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ['', fitted(paint.bold(title), columns), ...lines]
  const lines = [
    header(view),
    ...alerts(view),
    ...figures(view),
    ...(tuner === undefined ? [] : block('knobs', knobLines({ ...view, knob: -1 }, tuner.knobs.length))),
    ...(tuner === undefined ? [] : block('changes', changeLines(view, 10, false))),
    ...(seen.state?.reflex == null
      ? []
      : block('breakers', breakerLines({ ...view, cursor: -1 }, seen.state.reflex.componentStates.length + 1))),
    ...block('cascades', cascadeLines({ ...view, cursor: -1 }, seen.witnesses.length)),
    ...block('queues', queueLines(view).slice(0, -1)),
    ...Object.keys(seen.state?.sections ?? {}).flatMap((name) => block(name, sectionLines(view, name))),
  ]
  return lines.map((line) => line.trimEnd())
}
