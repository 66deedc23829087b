/** The values in the order of trials, and the best so far. */
import type { Box, LegendItem } from './frame.js'
import * as frame from './frame.js'
import { scale, share, ticks } from './scale.js'
import type { Outcome, Point, Study, Valued } from './study.js'
import { type Drawing, dots, el, type Mark, px, SHAPES, signs, text } from './svg.js'
import { count, number, plural } from './text.js'
import { outline, spread } from './thin.js'
import type { ValueAxis } from './value-axis.js'

/** Marks that one picture holds at the most, of each sort. */
const MARKS_MAX = 1000
const STRIP_MAX = 300
const STEPS_MAX = 400

/** `axis` is undefined where no trial has a value. */
export function history(study: Study, axis: ValueAxis | undefined, width: number): Drawing {
  const shown = chosen(study)
  const wide = width >= 600
  const values = axis?.ticks(wide ? 7 : 5) ?? []
  const head = frame.legend(legendOf(study, axis, shown), 8, width - 8, 34)
  const strip = shown.strip.length > 0 ? 22 : 0
  const box: Box = {
    left: Math.max(frame.labelRoom(values), strip > 0 ? 54 : 0),
    top: head.bottom + 14,
    right: width - 10,
    bottom: head.bottom + 14 + (wide ? 280 : 210),
  }
  const x = across(study, box)
  const under: Box = { ...box, bottom: box.bottom + strip }
  const base = under.bottom + 36
  const foot = frame.notes(notesOf(study, axis, shown), 8, width - 8, base + 18)
  const body =
    text(8, 15, axis ? frame.objective(study, axis.scale.log) : 'no value yet', {}) +
    head.body +
    frame.leftAxis(box, values) +
    frame.bottomAxis(under, x.ticks(wide ? 10 : 5), box.left - 20, width - 2) +
    frame.plotFrame(box) +
    (axis ? curve(study, axis, box, x.of) + marks(study, axis, box, shown, x.of) : nothing(study, box)) +
    stripOf(shown, box, strip, x.of) +
    text((box.left + box.right) / 2, base - 2, 'trial', { 'text-anchor': 'middle' }) +
    foot.body
  return { width, height: base + 10 + foot.height, label: describe(study), body }
}

interface Shown {
  readonly valued: readonly Valued[]
  /** Without a value: failed, and pruned before there was one. */
  readonly strip: readonly Point[]
  readonly valuedAll: number
  readonly stripAll: number
}

function chosen(study: Study): Shown {
  const { points, improvements, best } = study
  const valued = points.filter(
    (point): point is Valued => point.value !== undefined && point.outcome !== 'open' && point.outcome !== 'failed',
  )
  const rest = points.filter(
    ({ outcome, value }) => outcome === 'failed' || (outcome === 'pruned' && value === undefined),
  )
  const keep = new Set(spread(improvements, STEPS_MAX).map(({ index }) => index))
  if (best) keep.add(best.point.index)
  return {
    valued: outline(study, valued, MARKS_MAX, keep),
    strip: spread(rest, STRIP_MAX),
    valuedAll: valued.length,
    stripAll: rest.length,
  }
}

/** Trials by their numbers, or by their places where the numbers are unusable. */
function across({ points }: Study, box: Box) {
  const sound = points.every(({ trial }) => Number.isFinite(trial.trial))
  const of = (point: Point) => (sound ? point.trial.trial : point.index)
  const [first, last] = [points[0], points.at(-1)]
  const axis = scale(first ? of(first) : 0, last ? of(last) : 1)
  return {
    of: (point: Point) => frame.xIn(box, share(axis, of(point))),
    ticks: (most: number) =>
      points.length === 0
        ? []
        : ticks(axis, most)
            .filter(Number.isInteger)
            .map((value) => ({ at: share(axis, value), label: number(value, 15) })),
  }
}

const GROUPS: readonly { outcome: Outcome | 'added'; sign: keyof typeof SHAPES | 'dot'; label: string }[] = [
  { outcome: 'pruned', sign: 'triangle', label: 'pruned' },
  { outcome: 'infeasible', sign: 'diamond', label: 'breaks a constraint' },
  { outcome: 'complete', sign: 'dot', label: 'complete' },
  { outcome: 'added', sign: 'square', label: 'added (warm start)' },
]
const groupOf = ({ outcome, trial }: Point): Outcome | 'added' =>
  outcome === 'complete' && trial.added === true ? 'added' : outcome

function marks({ best, direction }: Study, axis: ValueAxis, box: Box, shown: Shown, x: (point: Point) => number) {
  const at = (point: Valued): Mark => ({ x: x(point), y: frame.yIn(box, axis.at(point.value)), trial: point.index })
  const edge = direction === 'minimize' ? SHAPES.up : SHAPES.down
  let body = ''
  for (const { outcome, sign } of GROUPS) {
    const all = shown.valued.filter((point) => groupOf(point) === outcome)
    const within = all.filter(({ value }) => !axis.beyond(value)).map(at)
    body += sign === 'dot' ? dots(outcome, within) : signs(outcome, within, SHAPES[sign])
    body += signs(`${outcome} edge`, all.filter(({ value }) => axis.beyond(value)).map(at), edge)
  }
  if (!best) return body
  const seen = { ...best.point, value: best.point.value ?? best.value }
  return body + el('circle', { class: 'ring', cx: x(seen), cy: at(seen).y, r: 6 })
}

/** Steps from one improvement to the next, and on to the last trial. */
function curve({ improvements, points }: Study, axis: ValueAxis, box: Box, x: (point: Point) => number): string {
  const steps = spread(improvements, STEPS_MAX)
  const [first, last] = [steps[0], points.at(-1)]
  if (!first || !last) return ''
  const y = (point: Valued) => px(frame.yIn(box, axis.at(point.value)))
  const d = steps.slice(1).map((point) => `H${px(x(point))}V${y(point)}`)
  return el('path', { class: 'run', d: `M${px(x(first))} ${y(first)}${d.join('')}H${px(x(last))}` })
}

function stripOf({ strip }: Shown, box: Box, height: number, x: (point: Point) => number): string {
  if (strip.length === 0) return ''
  const y = box.bottom + height / 2 + 1
  const at = (outcome: Outcome) =>
    strip.filter((point) => point.outcome === outcome).map((point) => ({ x: x(point), y, trial: point.index }))
  const name = strip.every(({ outcome }) => outcome === 'pruned') ? 'pruned' : 'failed'
  return (
    text(box.left - 6, y + 4, name, { 'text-anchor': 'end' }) +
    signs('pruned', at('pruned'), SHAPES.triangle) +
    signs('failed', at('failed'), SHAPES.cross)
  )
}

function legendOf(study: Study, axis: ValueAxis | undefined, { valued, strip }: Shown): LegendItem[] {
  const items: LegendItem[] = GROUPS.filter(({ outcome }) => valued.some((point) => groupOf(point) === outcome))
    .map(({ outcome, sign, label }) => ({ sign, className: outcome, label }))
    .reverse()
  if (strip.some(({ outcome }) => outcome === 'failed'))
    items.push({ sign: 'cross', className: 'failed', label: 'failed' })
  if (axis && study.improvements.length > 0) items.push({ sign: 'run', className: '', label: 'best so far' })
  if (axis && study.best) {
    const { point, value } = study.best
    items.push({
      sign: 'ring',
      className: '',
      label: `best ${number(value, 4)} (trial ${number(point.trial.trial, 15)})`,
    })
  }
  return items
}

function notesOf(study: Study, axis: ValueAxis | undefined, shown: Shown): string[] {
  const list: string[] = []
  const beyond = axis ? shown.valued.filter(({ value }) => axis.beyond(value)).length : 0
  if (beyond > 0) {
    const side = study.direction === 'minimize' ? 'top' : 'bottom'
    list.push(`${plural(beyond, 'value')} beyond the axis, drawn as ${side === 'top' ? '▲' : '▼'} at its ${side} edge.`)
  }
  if (shown.valued.length < shown.valuedAll) {
    list.push(
      `Thinned: ${count(shown.valued.length)} of ${count(shown.valuedAll)} trials with a value, the best of each run, an even sample of the others, and every improvement${study.improvements.length > STEPS_MAX ? ' but for close ones' : ''}.`,
    )
  }
  if (shown.strip.length < shown.stripAll) {
    list.push(`Thinned: ${count(shown.strip.length)} of ${count(shown.stripAll)} trials without a value.`)
  }
  if (study.counts.open > 0) list.push(`${plural(study.counts.open, 'trial')} still open, not drawn.`)
  return list
}

const nothing = (study: Study, box: Box): string =>
  frame.message(box.left + box.right, (box.top + box.bottom) / 2 - 8, ['No trial is complete yet', frame.tally(study)])

function describe(study: Study): string {
  const best = study.best ? `, best value ${number(study.best.value)} in trial ${study.best.point.trial.trial}` : ''
  return `Optimisation history: ${frame.tally(study)}${best}`
}
