/** Value against one knob at a time, on the knob's own scale; the colour says when. */
import type { Box } from './frame.js'
import * as frame from './frame.js'
import type { Knob } from './knob.js'
import type { Point, Study, Valued } from './study.js'
import { type Drawing, dots, el, type Mark, SHAPES, signs, text } from './svg.js'
import { count, shortened, shortenedName, widthOf } from './text.js'
import { sample, spread } from './thin.js'
import type { Tick } from './units.js'
import type { ValueAxis } from './value-axis.js'

/** Marks in all panels together, and in one. */
const MARKS_ALL = 16_000
const MARKS_MAX = 600
const FAILED_MAX = 80
const STEPS = 6
/** Least room, in pixels, for the name of an option that is cut. */
const LABEL_MIN = 42
export const PANEL = { width: 280, height: 218 } as const

export interface Slices {
  /** One per knob, to be laid out by the page; none where no trial is complete. */
  readonly panels: readonly { readonly knob: Knob; readonly drawing: Drawing }[]
  /** What the colours and signs mean, and how trials were chosen. */
  key(width: number): Drawing
  /** Key and panels as one picture. */
  sheet(width: number): Drawing
}

export function slices(study: Study, axis: ValueAxis | undefined): Slices {
  const { knobs } = study
  const most = Math.max(100, Math.min(MARKS_MAX, Math.floor(MARKS_ALL / Math.max(1, knobs.length))))
  const { shown, note } = sample(study, most)
  const failed = spread(
    study.points.filter(({ outcome }) => outcome === 'failed'),
    FAILED_MAX,
  )
  const drawable = axis !== undefined && study.complete.length > 0
  const panel = (knob: Knob, left: number, top: number, width: number) =>
    axis
      ? panelOf(study, knob, axis, shown, failed, { left, top, right: left + width, bottom: top + PANEL.height })
      : ''
  const key = (width: number) => keyOf(study, axis, note, failed.length > 0, width)
  return {
    panels: drawable
      ? knobs.map((knob) => ({
          knob,
          drawing: { ...PANEL, label: `Value against ${knob.name}`, body: panel(knob, 0, 0, PANEL.width) },
        }))
      : [],
    key,
    sheet: (width) => {
      if (!drawable) return empty(study, width)
      const head = key(width)
      const columns = Math.max(1, Math.min(knobs.length, Math.round(width / PANEL.width)))
      // One knob alone does not fill a wide sheet.
      const each = Math.min(width / columns, PANEL.width * 1.5)
      const body = knobs.map((knob, i) =>
        panel(knob, (i % columns) * each, head.height + Math.floor(i / columns) * PANEL.height, each),
      )
      return {
        width,
        height: head.height + Math.ceil(knobs.length / columns) * PANEL.height,
        label: `Slices: value against each of ${knobs.length} knobs`,
        body: head.body + body.join(''),
      }
    },
  }
}

function empty(study: Study, width: number): Drawing {
  const body = frame.message(width, 44, ['No trial is complete yet', frame.tally(study)])
  return { width, height: 96, label: 'Slices: no trial is complete yet', body }
}

function keyOf(study: Study, axis: ValueAxis | undefined, note: string, failed: boolean, width: number): Drawing {
  const items: frame.LegendItem[] = [
    { sign: 'ramp', className: '', label: 'first to last trial' },
    { sign: 'ring', className: '', label: 'best' },
  ]
  if (study.counts.infeasible > 0)
    items.push({ sign: 'diamond', className: 'infeasible', label: 'breaks a constraint' })
  if (failed) items.push({ sign: 'cross', className: 'failed', label: 'failed, at the foot' })
  const head = frame.legend(items, 8, width - 8, 34)
  const foot = frame.notes(note === '' ? [] : [`Thinned: ${note}.`], 8, width - 8, head.bottom + frame.LINE)
  const body = text(8, 15, axis ? frame.objective(study, axis.scale.log) : 'no value yet') + head.body + foot.body
  return { width, height: head.bottom + foot.height + 12, label: 'Key to the slices', body }
}

/** `area` is the panel with all its labels. */
function panelOf(
  study: Study,
  knob: Knob,
  axis: ValueAxis,
  shown: readonly Valued[],
  failed: readonly Point[],
  area: Box,
) {
  const values = axis.ticks(5)
  const left = area.left + frame.labelRoom(values, 34, 90)
  const names = knob.choices ? optionNames(knob.choices, area.right - 10 - left) : undefined
  const box: Box = { left, top: area.top + 26, right: area.right - 10, bottom: area.bottom - (names?.room ?? 28) }
  const x = (point: Point): number | undefined => {
    const at = knob.at(knob.valueOf(point.trial))
    return at === undefined ? undefined : frame.xIn(box, at + apart(knob, point.index))
  }
  const at = (points: readonly Valued[]): Mark[] =>
    points.flatMap((point) => {
      const across = x(point)
      return across === undefined ? [] : [{ x: across, y: frame.yIn(box, axis.at(point.value)), trial: point.index }]
    })
  const order = (point: Point) => Math.floor((point.index * STEPS) / Math.max(1, study.points.length))
  const feasible = shown.filter(({ outcome }) => outcome === 'complete')
  const groups = Array.from({ length: STEPS }, (_, i) =>
    dots(`o${i}`, at(feasible.filter((point) => order(point) === i))),
  )
  const foot = failed.flatMap((point) => {
    const across = x(point)
    return across === undefined ? [] : [{ x: across, y: box.bottom - 4, trial: point.index }]
  })
  return (
    titleOf(knob, area, left) +
    frame.leftAxis(box, values) +
    (names ? names.draw(box) : frame.bottomAxis(box, knob.ticks(4), area.left + 4, area.right - 2)) +
    frame.plotFrame(box) +
    (knob.periodic ? wrap(box) : '') +
    signs('failed', foot, 'm-2.5-2.5l5 5m0-5l-5 5') +
    signs('infeasible', at(shown.filter(({ outcome }) => outcome === 'infeasible')), SHAPES.diamond) +
    groups.join('') +
    at(study.best ? [{ ...study.best.point, value: study.best.point.value ?? study.best.value }] : [])
      .map((mark) => el('circle', { class: 'ring', cx: mark.x, cy: mark.y, r: 5.5 }))
      .join('')
  )
}

function titleOf(knob: Knob, area: Box, left: number): string {
  const kind = knob.scale?.log ? 'log' : knob.periodic ? 'periodic' : ''
  const unit = knob.kind === 'duration' || knob.kind === 'bytes' ? '' : knob.unit
  const extra = [unit, kind].filter((part) => part !== '').join(', ')
  const side = shortened(extra, 90)
  const room = area.right - 10 - left - (side === '' ? 0 : widthOf(side) * frame.FONT + 10)
  return (
    text(left, area.top + 16, shortenedName(knob.name, room / 1.12), { class: 'name' }, knob.name) +
    text(area.right - 10, area.top + 16, side, { 'text-anchor': 'end' }, extra)
  )
}

/** Trials with one option lie side by side, always in the same way; other values stay where they are. */
function apart(knob: Knob, index: number): number {
  return knob.choices ? (((index * 0.618034) % 1) - 0.5) * (0.6 / knob.choices.length) : 0
}

/** The two ends of a periodic knob are one point. */
const wrap = ({ left, right, top, bottom }: Box): string =>
  el('path', { class: 'signs wrap', d: `M${left + 3} ${top}V${bottom}M${right - 3} ${top}V${bottom}` })

/** Names of options: side by side, cut if need be, where there is room for a few letters; else upright, as many as fit. */
function optionNames(choices: readonly string[], width: number) {
  const each = (width - 2 * frame.INSET) / choices.length
  const longest = Math.max(...choices.map((choice) => widthOf(choice))) * frame.FONT
  const flat = each >= Math.min(longest + 6, LABEL_MIN)
  const long = Math.min(62, longest + 2)
  const stride = flat ? 1 : Math.ceil(15 / each)
  const ticks = choices.map((label, i): Tick => ({ at: (i + 0.5) / choices.length, label }))
  const draw = (box: Box): string =>
    ticks
      .filter((_, i) => i % stride === 0)
      .map(({ at, label }) => {
        const x = frame.xIn(box, at)
        if (flat) return text(x, box.bottom + 16, shortened(label, each - 4), { 'text-anchor': 'middle' }, label)
        const [base, y] = [Math.round(x + 4), Math.round(box.bottom + 7)]
        const turn = { 'text-anchor': 'end', transform: `rotate(-90 ${base} ${y})` }
        return text(base, y, shortened(label, long), turn, label)
      })
      .join('') +
    (stride > 1 ? text(box.right - 6, box.top + 14, `${count(choices.length)} options`, { 'text-anchor': 'end' }) : '')
  return { room: flat ? 28 : long + 12, draw }
}
