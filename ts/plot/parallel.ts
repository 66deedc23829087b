/** Every trial as a line across one axis per knob, the value's axis last; the colour says how good. */
import * as frame from './frame.js'
import type { Knob } from './knob.js'
import type { Study, Valued } from './study.js'
import { type Drawing, el, px, text } from './svg.js'
import { escaped, number, shortened, shortenedName, widthOf } from './text.js'
import { sample } from './thin.js'
import type { Tick } from './units.js'
import type { ValueAxis } from './value-axis.js'

/** Least distance of two axes; with many knobs the picture is wider than asked for. */
const PITCH = 92
const LINES_MAX = 360
/** Points of all lines together. */
const POINTS_MAX = 12_000
const HEIGHT = 300
/** Left of the first axis, and right of the last one for its labels. */
const LEFT = 14
const LAST = 84
/** Width of the narrowest window. */
const SEEN = 340
const STEPS = 6

interface Place {
  readonly name: string
  readonly x: number
  /** Place of a trial from the top of the picture; undefined where the trial has no such value. */
  y(point: Valued): number | undefined
  readonly ticks: readonly Tick[]
  /** For the page: how to read a place as a value. */
  readonly inverse: string
  readonly side: string
}

export function parallel(study: Study, axis: ValueAxis | undefined, asked: number): Drawing {
  if (!axis || study.complete.length === 0) {
    const body = frame.message(asked, 44, ['No trial is complete yet', frame.tally(study)])
    return { width: asked, height: 96, label: 'Parallel coordinates: no trial is complete yet', body }
  }
  const axes = study.knobs.length + 1
  const least = study.knobs.length * PITCH + LEFT + LAST
  const width = Math.max(asked, least)
  const most = Math.max(100, Math.min(LINES_MAX, Math.floor(POINTS_MAX / axes)))
  const { shown, note } = sample(study, most)
  // Where the picture is scrolled, the key stays within what any window shows first.
  const right = (least > asked ? Math.min(asked, SEEN) : width) - 8
  const head = frame.legend(keyOf(study), 8, right, 15)
  const told = note === '' ? [] : [`Thinned: ${note}.`]
  const foot = frame.notes(told, 8, right, head.bottom + frame.LINE)
  const top = head.bottom + foot.height + 34
  const places = placesOf(study, axis, width, top)
  const body =
    head.body +
    foot.body +
    lines(study, shown, places) +
    places.map((place, i) => axisOf(place, top, i < study.knobs.length ? pitchOf(study, width) : LAST)).join('')
  return {
    width,
    height: top + HEIGHT + 16,
    label: `Parallel coordinates: ${shown.length} trials over ${study.knobs.length} knobs and the value`,
    body,
  }
}

function keyOf(study: Study): frame.LegendItem[] {
  const items: frame.LegendItem[] = [{ sign: 'ramp', className: '', label: 'worst to best value' }]
  if (study.best)
    items.push({ sign: 'ring', className: '', label: `best, trial ${number(study.best.point.trial.trial, 15)}` })
  return items
}

function placesOf(study: Study, axis: ValueAxis, width: number, top: number): Place[] {
  const pitch = pitchOf(study, width)
  const { knobs } = study
  const down = (at: number) => top + (1 - at) * HEIGHT
  const inner = knobs.map((knob, i): Place => {
    const side = knob.scale?.log ? 'log' : knob.periodic ? 'periodic' : ''
    const y = (point: Valued) => {
      const at = knob.at(knob.valueOf(point.trial))
      return at === undefined ? undefined : down(at)
    }
    return {
      name: knob.name,
      x: LEFT + i * pitch,
      y,
      ticks: knob.ticks(knob.choices ? 12 : 5),
      inverse: inverseOf(knob),
      side,
    }
  })
  const { low, high, log } = axis.scale
  inner.push({
    name: 'value',
    x: LEFT + knobs.length * pitch,
    y: ({ value }) => down(axis.at(value)),
    ticks: axis.ticks(6),
    inverse: JSON.stringify({ low, high, log }),
    side: log ? 'log' : '',
  })
  return inner
}

const pitchOf = ({ knobs }: Study, width: number): number => (width - LEFT - LAST) / Math.max(1, knobs.length)

function inverseOf({ scale, choices, unit }: Knob): string {
  return JSON.stringify(choices ? { choices: choices.length } : { ...scale, unit })
}

function axisOf({ name, x, ticks, inverse, side }: Place, top: number, pitch: number): string {
  const labels = ticks.map(({ at, label }) => {
    const y = top + (1 - at) * HEIGHT
    return (
      el('line', { class: 'plot', x1: x, x2: x + 4, y1: y, y2: y }) +
      text(x + 7, y + 4, shortened(label, pitch - 14), { class: 'tick' }, label)
    )
  })
  // Names are bold, and so wider than estimated; the kind of scale stands behind one that leaves it room.
  const room = (pitch - 8) / 1.12
  const cut = shortenedName(name, room)
  const both = side !== '' && (widthOf(name) + widthOf(side)) * frame.FONT + 5 <= room
  const kind = both ? el('tspan', { class: 'side', dx: 5 }, side) : ''
  const full = cut === name && (side === '' || both) ? '' : el('title', {}, escaped(`${name} ${side}`.trim()))
  return el(
    'g',
    { class: 'axis', 'data-x': x, 'data-top': top, 'data-height': HEIGHT, 'data-name': name, 'data-axis': inverse },
    el('text', { x: x - 6, y: top - 14, class: 'name' }, full + escaped(cut) + kind) +
      el('line', { class: 'plot', x1: x, x2: x, y1: top, y2: top + HEIGHT }) +
      labels.join(''),
  )
}

/** The best ones last, on top of the others. */
function lines({ best, better }: Study, shown: readonly Valued[], places: readonly Place[]): string {
  const ranked = [...shown].sort((a, b) =>
    better(a.value, b.value) ? 1 : better(b.value, a.value) ? -1 : b.index - a.index,
  )
  const line = (point: Valued, className: string): string => {
    let pen = 'M'
    let d = ''
    for (const { x, y } of places) {
      const at = y(point)
      // A trial without this knob's value: the line has a gap.
      if (at !== undefined) d += `${pen}${px(x)} ${px(at)}`
      pen = at === undefined ? 'M' : 'L'
    }
    return d === '' ? '' : el('path', { class: `line ${className}`, d, 'data-t': String(point.index) })
  }
  const level = (i: number) => Math.min(STEPS - 1, Math.floor((i * STEPS) / Math.max(1, ranked.length)))
  const body = ranked.map((point, i) => (point.index === best?.point.index ? '' : line(point, `o${level(i)}`)))
  if (best) body.push(line({ ...best.point, value: best.point.value ?? best.value }, 'ring'))
  return el('g', { class: 'lines' }, body.join(''))
}
