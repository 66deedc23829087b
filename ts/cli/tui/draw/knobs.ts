/** Knobs: where each stands within its range and the band that one update may reach, and one of them over time. */
import { knobValue, span } from '../../../dashboard/format.js'
import type { KnobState, TunerState } from '../../../server/api/state.js'
import type { Range } from '../../../server/history/history.js'
import { bandOf, unitOf } from '../../../tuner/scale.js'
import { Canvas, type Column, columnsOf } from './series.js'
import { fitted, fittedRight, type Paints, row, spark } from './text.js'
import { type View, windowOf } from './view.js'

const NAME_MOST = 20

/** The whole range, the band within it, where a rollback goes, and where the value is. */
export function gauge(knob: KnobState, cells: number, paint: Paints): string {
  const at = (value: number): number => Math.round(unitOf(knob, value) * (cells - 1))
  const value = at(knob.value)
  const certified = knob.certified === null ? -1 : at(knob.certified)
  const [low, high] = [at(knob.band.low), at(knob.band.high)]
  let text = ''
  for (let i = 0; i < cells; i++) {
    if (i === value) text += paint.bold(paint.cyan('●'))
    else if (i === certified) text += paint.green('◆')
    else text += i >= low && i <= high ? paint.yellow('━') : paint.dim('─')
  }
  return text
}

/** One knob in a line: as much of it as there is room for. */
function knobLine(view: View, knob: KnobState, chosen: boolean, nameCells: number): string {
  const { columns, paint, seen } = view
  const marker = chosen ? paint.bold('▸') : ' '
  const name = fitted(knob.name, nameCells)
  const value = paint.bold(fittedRight(knobValue(knob, knob.value), 8))
  const flags = [
    knob.frozen ? paint.cyan('frozen') : '',
    knob.recommended === undefined ? '' : paint.yellow(`would be ${knobValue(knob, knob.recommended)}`),
    knob.certified === null
      ? paint.dim('nothing certified')
      : paint.dim(`certified ${knobValue(knob, knob.certified)}`),
  ].filter((text) => text !== '')
  const left = columns - (columns < 60 ? 3 : 2) - nameCells - 1 - 8 - 1
  const gaugeCells = Math.min(32, Math.max(6, Math.floor(left * (columns < 60 ? 0.6 : 0.35))))
  const sparkCells = Math.min(30, Math.max(0, Math.floor((left - gaugeCells) * (columns < 60 ? 1 : 0.45)) - 1))
  const noteCells = columns < 60 ? 0 : left - gaugeCells - sparkCells - 2
  const mark = columns >= 60 ? ' ' : knob.frozen ? paint.cyan('f ') : '  '
  return row([
    { text: `${marker}${mark}${chosen ? paint.bold(name) : name}`, cells: nameCells + (columns < 60 ? 3 : 2) },
    { text: value, cells: 8, right: true },
    { text: gauge(knob, gaugeCells, paint), cells: gaugeCells },
    { text: paint.cyan(sparkOf(seen.history, knob, sparkCells)), cells: sparkCells },
    { text: flags.join(paint.dim(' · ')), cells: noteCells },
  ])
}

function sparkOf(history: Range | null, knob: KnobState, cells: number): string {
  const units = columnsOf(history, `knob.${knob.name}`, cells, true).map((one) =>
    one === null ? null : unitOf(knob, one.mean),
  )
  const known = units.filter((one) => one !== null)
  // A twentieth of the range at least: what hardly moved should not look as if it had.
  const middle = (Math.min(...known) + Math.max(...known)) / 2
  const half = Math.max(0.025, (Math.max(...known) - Math.min(...known)) / 2)
  return known.length === 0 ? '' : spark(units, middle - half, middle + half)
}

/** The knobs in at most `room` lines. */
export function knobLines(view: View, room: number): string[] {
  const { tuner, knob: cursor } = view
  const knobs = tuner?.knobs ?? []
  const most = view.columns < 60 ? 10 : NAME_MOST
  const nameCells = Math.min(most, Math.max(4, ...knobs.map(({ name }) => name.length)))
  const { from, to } = windowOf(knobs.length, room, cursor)
  return knobs.slice(from, to).map((knob, i) => knobLine(view, knob, from + i === cursor, nameCells))
}

/** One knob over time within its band, in `rows` lines. */
export function knobChart(view: View, tuner: TunerState, knob: KnobState, rows: number): string[] {
  const { columns, paint, seen, spanMs } = view
  const labels = 9
  const canvas = new Canvas(Math.max(4, columns - labels - 1), rows - 1)
  const count = canvas.columns * 2
  const values = columnsOf(seen.history, `knob.${knob.name}`, count, true)
  const step = Number(tuner.guardrails.max_delta)
  const bands = columnsOf(seen.history, `baseline.${knob.name}`, count, true).map((one) =>
    one === null ? null : bandOf(knob, one.mean, step),
  )
  const heights = [
    ...values.flatMap((one) => (one === null ? [] : [unitOf(knob, one.min), unitOf(knob, one.max)])),
    ...[...bands, knob.band].flatMap((one) => (one === null ? [] : [unitOf(knob, one.low), unitOf(knob, one.high)])),
  ]
  const low = Math.max(0, Math.min(...heights) - 0.02)
  const high = Math.min(1, Math.max(...heights) + 0.02)
  const share = (value: number): number => (unitOf(knob, value) - low) / Math.max(high - low, 1e-9)
  bands.forEach((band, x) => {
    // Every other dot: a limit, not a value.
    if (band === null || x % 4 > 1) return
    canvas.dot('lower', x, share(band.low))
    canvas.dot('lower', x, share(band.high))
  })
  drawValues(canvas, values, share)
  const title = `${knob.name} ${paint.bold(knobValue(knob, knob.value))}, one update may bring it from ${knobValue(knob, knob.band.low)} to ${knobValue(knob, knob.band.high)}`
  const lines = canvas.lines(paint.cyan, paint.yellow)
  const at = (unit: number): string => knobValue(knob, valueAt(knob, unit))
  return [
    fitted(`${title} ${paint.dim(`· last ${span(spanMs)}`)}`, columns),
    ...lines.map((line, i) => {
      const label = i === 0 ? at(high) : i === lines.length - 1 ? at(low) : ''
      return `${paint.dim(fittedRight(label, labels))} ${line}`
    }),
  ]
}

function drawValues(canvas: Canvas, values: readonly (Column | null)[], share: (value: number) => number): void {
  let before: number | undefined
  values.forEach((one, x) => {
    if (one === null) {
      before = undefined
      return
    }
    const [a, b] = [share(one.min), share(one.max)]
    // A step is a line upright, so that the eye can follow it.
    const near = before === undefined ? a : Math.min(Math.max(before, Math.min(a, b)), Math.max(a, b))
    if (before !== undefined) canvas.bar('upper', x, Math.min(before, near), Math.max(before, near))
    canvas.bar('upper', x, Math.min(a, b), Math.max(a, b))
    before = share(one.mean)
  })
}

function valueAt({ scale, min, max, kind }: KnobState, unit: number): number {
  const value = scale === 'log' ? min * (max / min) ** unit : min + (max - min) * unit
  return kind === 'integer' ? Math.round(value) : value
}
