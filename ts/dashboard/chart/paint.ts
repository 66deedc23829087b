/**
 * Drawing on a canvas: what a chart is made of. Coordinates are CSS pixels; the canvas has as many of its own as the screen.
 */
import type { Columns } from './decimate.js'

export interface Palette {
  readonly ink: string
  readonly soft: string
  readonly rule: string
  readonly card: string
  readonly band: string
  readonly line: string
  readonly faint: string
  readonly other: string
  readonly good: string
  readonly bad: string
  readonly guard: string
}
const NAMES = ['ink', 'soft', 'rule', 'card', 'band', 'line', 'faint', 'other', 'good', 'bad', 'guard'] as const

export function paletteOf(element: Element): Palette {
  const style = getComputedStyle(element)
  return Object.fromEntries(
    NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]),
  ) as unknown as Palette
}

export interface Frame {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/** From a value to its place. */
export type Place = (value: number) => number

export function area(c: CanvasRenderingContext2D, { left }: Frame, columns: Columns, y: Place, colour: string): void {
  const { x, min, max, n } = columns
  c.fillStyle = colour
  c.beginPath()
  for (let i = 0; i < n; i++) {
    const start = i
    while (i < n && Number.isFinite(min[i] as number)) i++
    if (i === start) continue
    c.moveTo(left + (x[start] as number), y(max[start] as number))
    for (let j = start + 1; j < i; j++) c.lineTo(left + (x[j] as number), y(max[j] as number))
    for (let j = i - 1; j >= start; j--) c.lineTo(left + (x[j] as number), y(min[j] as number))
    c.closePath()
  }
  c.fill()
}

export interface Stroke {
  readonly colour: string
  readonly width?: number
  readonly dash?: readonly number[]
  /** A value holds until the next one. */
  readonly steps?: boolean
}

export function line(c: CanvasRenderingContext2D, { left }: Frame, columns: Columns, y: Place, stroke: Stroke): void {
  const { x, mean, n } = columns
  start(c, stroke)
  let pen = false
  let before = 0
  for (let i = 0; i < n; i++) {
    const value = mean[i] as number
    if (!Number.isFinite(value)) continue
    const [px, py] = [left + (x[i] as number), y(value)]
    if (!pen) c.moveTo(px, py)
    else if (stroke.steps === true) {
      c.lineTo(px, before)
      c.lineTo(px, py)
    } else c.lineTo(px, py)
    pen = true
    before = py
  }
  c.stroke()
  c.setLineDash([])
}

export function rule(
  c: CanvasRenderingContext2D,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  stroke: Stroke,
): void {
  start(c, stroke)
  c.moveTo(x0, y0)
  c.lineTo(x1, y1)
  c.stroke()
  c.setLineDash([])
}

function start(c: CanvasRenderingContext2D, { colour, width = 1, dash = [] }: Stroke): void {
  c.strokeStyle = colour
  c.lineWidth = width
  c.lineJoin = 'round'
  c.setLineDash([...dash])
  c.beginPath()
}

/** A mark of something that happened: a triangle that stands on the line `y`. */
export function mark(c: CanvasRenderingContext2D, x: number, y: number, up: boolean, colour: string): void {
  const d = up ? -1 : 1
  c.fillStyle = colour
  c.beginPath()
  c.moveTo(x, y)
  c.lineTo(x - 4, y - 7 * d)
  c.lineTo(x + 4, y - 7 * d)
  c.closePath()
  c.fill()
}
