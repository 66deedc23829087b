/** Markup, one element at a time: numbers are rounded and must be finite, texts are escaped. */
import type { PlotTheme } from './data.js'
import { fileStyle } from './style.js'
import { escaped, shortened } from './text.js'

export type Attributes = Readonly<Record<string, string | number | undefined>>

/** A drawing before it becomes a page's part or a file. */
export interface Drawing {
  readonly width: number
  readonly height: number
  /** What a person sees who cannot see it. */
  readonly label: string
  readonly body: string
}

/** A coordinate: a tenth of a pixel is enough, and short. */
export function px(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`a coordinate is ${value}: a defect of the picture`)
  const text = (Math.round(value * 10) / 10).toString()
  return text === '-0' ? '0' : text
}

/** An element. `content` is markup already. */
export function el(name: string, attributes: Attributes, content = ''): string {
  let text = `<${name}`
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === '') continue
    text += ` ${key}="${typeof value === 'number' ? px(value) : escaped(value)}"`
  }
  return content === '' ? `${text}/>` : `${text}>${content}</${name}>`
}

/** A line of text; `full` is shown on hovering where the line had to be cut. */
export function text(x: number, y: number, line: string, attributes: Attributes = {}, full?: string): string {
  const title = full !== undefined && full !== line ? el('title', {}, escaped(full)) : ''
  return line === '' ? '' : el('text', { x, y, ...attributes }, title + escaped(line))
}

/** Where marks are, and whose: the page finds the trial under the pointer from these alone. */
export interface Mark {
  readonly x: number
  readonly y: number
  /** Place of the trial in the study. */
  readonly trial: number
}

/** Many dots as one path: a stroke of no length with round ends. */
export function dots(className: string, marks: readonly Mark[]): string {
  if (marks.length === 0) return ''
  const d = marks.map(({ x, y }) => `M${px(x)} ${px(y)}h0`).join('')
  return el('path', { class: `dots ${className}`, d, 'data-t': trialsOf(marks) })
}

/** Many signs as one path; `shape` is drawn around each mark, relative to it, and ends where it began. */
export function signs(className: string, marks: readonly Mark[], shape: string): string {
  if (marks.length === 0) return ''
  const d = marks.map(({ x, y }) => `M${px(x)} ${px(y)}${shape}`).join('')
  return el('path', { class: `signs ${className}`, d, 'data-t': trialsOf(marks) })
}

/** Places of trials, each as its distance from the one before. */
function trialsOf(marks: readonly Mark[]): string {
  let last = 0
  return marks
    .map(({ trial }) => {
      const step = trial - last
      last = trial
      return String(step)
    })
    .join(' ')
}

/** Relative outlines, about 8 pixels wide. A sign without a first move begins where its mark is. */
export const SHAPES = {
  cross: 'm-3.5-3.5l7 7m0-7l-7 7',
  triangle: 'm-4 3.2h8l-4-7z',
  diamond: 'm-4.5 0l4.5-4.5l4.5 4.5l-4.5 4.5z',
  square: 'm-3.5-3.5h7v7h-7z',
  up: 'm-3.5 2h7l-3.5-6z',
  down: 'm-3.5-2h7l-3.5 6z',
} as const

/** A part of a page, drawn at `drawing.width` pixels. */
export function inline(drawing: Drawing, className: string): string {
  const { width, height, label, body } = drawing
  return el(
    'svg',
    { class: className, viewBox: `0 0 ${px(width)} ${px(height)}`, width, height, role: 'group', 'aria-label': label },
    body,
  )
}

const HEADING = 46

/** A file of its own, with a heading, its own style and background. */
export function standalone(drawing: Drawing, heading: string, theme: PlotTheme): string {
  const { width, height, label, body } = drawing
  const box = { viewBox: `0 ${-HEADING} ${px(width)} ${px(height + HEADING)}`, width, height: height + HEADING }
  return `${el(
    'svg',
    { xmlns: 'http://www.w3.org/2000/svg', ...box, role: 'img', 'aria-label': label },
    el('title', {}, escaped(label)) +
      el('style', {}, escaped(fileStyle(theme))) +
      el('rect', { class: 'page', x: 0, y: -HEADING, width, height: height + HEADING }) +
      text(16, -18, shortened(heading, width - 32, 18), { class: 'heading' }, heading) +
      body,
  )}\n`
}
