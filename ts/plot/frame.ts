/** What pictures share: the box that marks lie in, axes, legend, notes, messages. */

import type { Study } from './study.js'
import { el, SHAPES, text } from './svg.js'
import { count, shortened, widthOf } from './text.js'
import type { Tick } from './units.js'

export const FONT = 12
export const LINE = 17

export interface Box {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

/** Room between the frame and the outermost marks, so that none is cut. */
export const INSET = 7

export const xIn = (box: Box, at: number): number => box.left + INSET + at * (box.right - box.left - 2 * INSET)
export const yIn = (box: Box, at: number): number => box.bottom - INSET - at * (box.bottom - box.top - 2 * INSET)

/** Room that the labels left of an axis need. */
export function labelRoom(ticks: readonly Tick[], least = 30, most = 120): number {
  const widest = Math.max(0, ...ticks.map(({ label }) => widthOf(label)))
  return Math.min(most, Math.max(least, widest * FONT + 10))
}

export function leftAxis(box: Box, ticks: readonly Tick[]): string {
  return ticks
    .map(({ at, label }) => {
      const y = yIn(box, at)
      return (
        el('line', { class: 'grid', x1: box.left, x2: box.right, y1: y, y2: y }) +
        text(box.left - 6, y + 4, shortened(label, box.left - 6), { 'text-anchor': 'end' }, label)
      )
    })
    .join('')
}

/** Labels under the box, each kept inside `left` to `right`; those that would touch the one before are left out. */
export function bottomAxis(box: Box, ticks: readonly Tick[], left: number, right: number): string {
  let end = Number.NEGATIVE_INFINITY
  return ticks
    .map(({ at, label }) => {
      const width = widthOf(label) * FONT
      const x = xIn(box, at)
      const grid = el('line', { class: 'grid', x1: x, x2: x, y1: box.top, y2: box.bottom })
      const from = Math.max(left, Math.min(right - width, x - width / 2))
      if (from < end + 6 || width > right - left) return grid
      end = from + width
      return grid + text(from + width / 2, box.bottom + 16, label, { 'text-anchor': 'middle' })
    })
    .join('')
}

export function plotFrame(box: Box): string {
  const { left, top, right, bottom } = box
  return el('rect', { class: 'plot', x: left, y: top, width: right - left, height: bottom - top })
}

export type LegendSign = 'dot' | 'run' | 'ring' | 'ramp' | keyof typeof SHAPES
export interface LegendItem {
  readonly sign: LegendSign
  readonly className: string
  readonly label: string
}

/** Signs with their meaning, wrapped into the width; `y` is the first line's base. */
export function legend(items: readonly LegendItem[], left: number, right: number, y: number) {
  let [x, line] = [left, y]
  let body = ''
  for (const { sign, className, label } of items) {
    const room = sign === 'ramp' ? 62 : 16
    const line0 = shortened(label, right - left - room, FONT)
    const width = room + widthOf(line0) * FONT + 12
    if (x > left && x + width - 12 > right) {
      x = left
      line += LINE
    }
    body += signOf(sign, className, x + 6, line - 4) + text(x + room, line, line0, {}, label)
    x += width
  }
  return { body, bottom: line }
}

function signOf(sign: LegendSign, className: string, x: number, y: number): string {
  if (sign === 'dot') return el('path', { class: `dots ${className}`, d: `M${x} ${y}h0` })
  if (sign === 'run') return el('path', { class: 'run', d: `M${x - 6} ${y}h12` })
  if (sign === 'ring') return el('circle', { class: 'ring', cx: x, cy: y, r: 5 })
  if (sign === 'ramp') {
    return [0, 1, 2, 3, 4, 5]
      .map((i) => el('rect', { class: `k${i}`, x: x - 6 + i * 9, y: y - 5, width: 9, height: 10 }))
      .join('')
  }
  return el('path', { class: `signs ${className}`, d: `M${x} ${y}${SHAPES[sign]}` })
}

/** Sentences wrapped into the width, from the base `y` on. */
export function notes(sentences: readonly string[], left: number, right: number, y: number) {
  const lines: string[] = []
  for (const sentence of sentences) {
    let line = ''
    for (const word of sentence.split(' ')) {
      const longer = line === '' ? word : `${line} ${word}`
      if (line !== '' && widthOf(longer) * FONT > right - left) {
        lines.push(line)
        line = word
      } else line = longer
    }
    if (line !== '') lines.push(line)
  }
  const body = lines.map((line, i) => text(left, y + i * LINE, shortened(line, right - left), {}, line)).join('')
  return { body, height: lines.length * LINE }
}

/** What to read where nothing can be drawn. */
export function message(width: number, y: number, lines: readonly string[]): string {
  return lines
    .map((line, i) =>
      text(width / 2, y + i * 22, shortened(line, width - 24, i === 0 ? 15 : FONT), {
        class: i === 0 ? 'message' : undefined,
        'text-anchor': 'middle',
      }),
    )
    .join('')
}

/** What became of the trials, in words: `80 complete, 3 failed`. */
export function tally({ counts, points }: Study): string {
  const parts = (['complete', 'infeasible', 'pruned', 'failed', 'open'] as const)
    .filter((outcome) => counts[outcome] > 0)
    .map((outcome) => `${count(counts[outcome])} ${outcome}`)
  return points.length === 0 ? 'no trials yet' : parts.join(', ')
}

export const objective = ({ direction }: Study, log: boolean): string =>
  `value, ${direction === 'minimize' ? 'lower' : 'higher'} is better${log ? ', log scale' : ''}`
