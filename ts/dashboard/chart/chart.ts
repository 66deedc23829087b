/**
 * One chart on a canvas, over a span of time that it shares with others. Pointer: move to read, drag to pan, Ctrl and wheel (or two
 * fingers on a touchpad) to zoom, double click to look closer. Keys: arrows read, Shift and arrows pan, + and - zoom, 0 shows
 * everything, L follows. What is read is said in words below the title, so that nobody has to see the picture.
 */
import type { Scale } from '../../plot/scale.js'
import { share } from '../../plot/scale.js'
import type { Tick } from '../../plot/units.js'
import { h, say } from '../dom.js'
import type { Kind } from '../format.js'
import { timeMarks, valueMarks } from './axis.js'
import { type Frame, mark, type Palette, type Place, paletteOf, rule } from './paint.js'
import type { Span } from './span.js'

export interface Mark {
  readonly atMs: number
  readonly tone: 'move' | 'bad' | 'guard' | 'plain'
  readonly text: string
}

/** What is drawn, and what it says. */
export interface Picture {
  /** Ends of the value axis for what is shown; undefined where nothing is known. */
  scale(fromMs: number, toMs: number): Scale | undefined
  draw(c: CanvasRenderingContext2D, frame: Frame, y: Place, span: Span, palette: Palette): void
  /** What stands at a time, in words. */
  read(atMs: number): string
  /** Times that the cursor stops at. */
  times(): Float64Array | undefined
  marks(): readonly Mark[]
  /** In words, where there is nothing to draw. */
  empty(): string
  /** What is known may not reach: ask for it. */
  need?(fromMs: number, toMs: number, width: number): void
}

export interface ChartOptions {
  readonly label: string
  readonly kind: Kind
  readonly height: number
  readonly span: Span
  readonly picture: Picture
}

const BOTTOM = 18
const TOP = 6
const RIGHT = 8

export class Chart {
  readonly element: HTMLElement
  readonly #options: ChartOptions
  readonly #canvas: HTMLCanvasElement
  readonly #note: HTMLElement
  readonly #readout: HTMLElement
  #palette: Palette | undefined
  #frame: Frame = { left: 0, top: TOP, width: 0, height: 0 }
  #size = { width: 0, height: 0 }
  #asked = false
  #seen = false
  #dragX: number | undefined
  readonly #observers: readonly { disconnect(): void }[]
  readonly #unlisten: () => void

  constructor(options: ChartOptions) {
    this.#options = options
    this.#canvas = h('canvas', {
      tabindex: 0,
      role: 'application',
      'aria-roledescription': 'chart',
      'aria-label': `${options.label} over time. Arrow keys read values.`,
    })
    this.#note = h('p', { class: 'chart-note' })
    this.#readout = h('p', { class: 'readout' })
    this.element = h(
      'figure',
      { class: 'chart' },
      this.#readout,
      h('div', { class: 'chart-box' }, this.#canvas, this.#note),
    )
    this.#canvas.parentElement?.style.setProperty('height', `${options.height}px`)
    // Of several entries that came together the last one says how it is now.
    const sizes = new ResizeObserver((all) => this.#resize((all.at(-1) as ResizeObserverEntry).contentRect))
    sizes.observe(this.#canvas.parentElement as Element)
    const looks = new IntersectionObserver((all) => this.#look(all.at(-1)?.isIntersecting === true))
    looks.observe(this.element)
    this.#observers = [sizes, looks]
    this.#unlisten = options.span.listen(() => this.invalidate())
    this.#listen()
  }

  /** The span lives longer than a chart: it lets go of one that nobody shows again. */
  close(): void {
    this.#unlisten()
    for (const one of this.#observers) one.disconnect()
    this.#seen = false
  }

  /** Draws in the next frame, once, and only where somebody can see it. */
  invalidate(): void {
    if (this.#asked || !this.#seen) return
    this.#asked = true
    requestAnimationFrame(() => {
      this.#asked = false
      this.#draw()
    })
  }

  /** Colours may have changed. */
  repaint(): void {
    this.#palette = undefined
    this.invalidate()
  }

  #look(seen: boolean): void {
    this.#seen = seen
    this.invalidate()
  }

  #resize({ width, height }: { readonly width: number; readonly height: number }): void {
    const scale = devicePixelRatio
    this.#size = { width, height }
    this.#canvas.width = Math.max(1, Math.round(width * scale))
    this.#canvas.height = Math.max(1, Math.round(height * scale))
    this.invalidate()
  }

  #draw(): void {
    const c = this.#canvas.getContext('2d')
    const { width, height } = this.#size
    if (c === null || width < 40) return
    const { picture, span, kind } = this.#options
    this.#palette ??= paletteOf(this.#canvas)
    const { fromMs, toMs } = span
    c.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0)
    c.clearRect(0, 0, width, height)
    c.font = '11px system-ui, sans-serif'
    const scale = picture.scale(fromMs, toMs)
    const inner = height - TOP - BOTTOM
    const ticks = scale === undefined ? [] : valueMarks(scale, kind, Math.max(2, Math.floor(inner / 34)))
    const left = Math.ceil(Math.max(28, ...ticks.map(({ label }) => c.measureText(label).width))) + 8
    this.#frame = { left, top: TOP, width: Math.max(1, width - left - RIGHT), height: inner }
    picture.need?.(fromMs, toMs, this.#frame.width)
    this.#grid(c, this.#palette, ticks)
    say(this.#note, scale === undefined ? picture.empty() : '')
    if (scale !== undefined) {
      const y: Place = (value) => TOP + inner * (1 - share(scale, value))
      c.save()
      c.beginPath()
      c.rect(left, 0, this.#frame.width, TOP + inner + 1)
      c.clip()
      picture.draw(c, this.#frame, y, span, this.#palette)
      this.#marks(c, this.#palette)
      c.restore()
    }
    this.#read(c, this.#palette)
  }

  #x(atMs: number): number {
    const { fromMs, toMs } = this.#options.span
    return this.#frame.left + (this.#frame.width * (atMs - fromMs)) / (toMs - fromMs)
  }

  #grid(c: CanvasRenderingContext2D, palette: Palette, ticks: readonly Tick[]): void {
    const { left, top, width, height } = this.#frame
    const { fromMs, toMs } = this.#options.span
    c.fillStyle = palette.soft
    c.textAlign = 'right'
    c.textBaseline = 'middle'
    for (const { at, label } of ticks) {
      const y = Math.round(top + height * (1 - at)) + 0.5
      rule(c, left, y, left + width, y, { colour: palette.rule })
      c.fillText(label, left - 6, Math.max(6, y))
    }
    c.textAlign = 'center'
    c.textBaseline = 'alphabetic'
    for (const { atMs, label } of timeMarks(fromMs, toMs, Math.max(2, Math.floor(width / 90)))) {
      const x = this.#x(atMs)
      const half = c.measureText(label).width / 2
      rule(c, Math.round(x) + 0.5, top + height, Math.round(x) + 0.5, top + height + 3, { colour: palette.rule })
      c.fillText(label, Math.min(left + width + RIGHT - half, Math.max(half, x)), top + height + 14)
    }
  }

  #marks(c: CanvasRenderingContext2D, palette: Palette): void {
    const { top, height } = this.#frame
    const { fromMs, toMs } = this.#options.span
    const colours = { move: palette.line, bad: palette.bad, guard: palette.guard, plain: palette.soft }
    for (const { atMs, tone } of this.#options.picture.marks()) {
      if (atMs < fromMs || atMs > toMs) continue
      mark(c, this.#x(atMs), top + height - (tone === 'move' ? 7 : 0), tone === 'move', colours[tone])
    }
  }

  #read(c: CanvasRenderingContext2D, palette: Palette): void {
    const { span, picture } = this.#options
    const { cursorMs } = span
    const { left, top, width, height } = this.#frame
    if (cursorMs === undefined || cursorMs < span.fromMs || cursorMs > span.toMs) {
      say(this.#readout, '')
      return
    }
    const x = Math.round(this.#x(cursorMs)) + 0.5
    if (x >= left && x <= left + width) rule(c, x, top, x, top + height, { colour: palette.soft, dash: [2, 2] })
    const slack = ((span.toMs - span.fromMs) / width) * 5
    const near = picture.marks().find(({ atMs }) => Math.abs(atMs - cursorMs) <= slack)
    say(this.#readout, [picture.read(cursorMs), near?.text].filter(Boolean).join(' · '))
  }

  #listen(): void {
    const canvas = this.#canvas
    const { span } = this.#options
    const shareAt = (event: MouseEvent): number => {
      const box = canvas.getBoundingClientRect()
      return Math.min(1, Math.max(0, (event.clientX - box.left - this.#frame.left) / this.#frame.width))
    }
    canvas.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return
      this.#dragX = event.clientX
      canvas.setPointerCapture(event.pointerId)
    })
    canvas.addEventListener('pointermove', (event) => {
      span.cursorMs = span.fromMs + (span.toMs - span.fromMs) * shareAt(event)
      if (this.#dragX === undefined) return span.touch()
      const moved = event.clientX - this.#dragX
      this.#dragX = event.clientX
      if (moved !== 0) span.pan(-moved / this.#frame.width)
    })
    const release = (): void => {
      this.#dragX = undefined
    }
    canvas.addEventListener('pointerup', release)
    canvas.addEventListener('pointercancel', release)
    canvas.addEventListener('pointerleave', () => {
      if (this.#dragX !== undefined || document.activeElement === canvas) return
      span.cursorMs = undefined
      span.touch()
    })
    canvas.addEventListener('dblclick', (event) => span.zoom(0.5, shareAt(event)))
    canvas.addEventListener(
      'wheel',
      (event) => {
        const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY)
        if (!event.ctrlKey && !event.metaKey && !sideways) return
        event.preventDefault()
        if (sideways && !event.ctrlKey) span.pan(event.deltaX / this.#frame.width)
        else span.zoom(Math.exp(Math.max(-1, Math.min(1, event.deltaY / 200))), shareAt(event))
      },
      { passive: false },
    )
    canvas.addEventListener('focus', () => this.#readout.setAttribute('aria-live', 'polite'))
    canvas.addEventListener('blur', () => {
      this.#readout.removeAttribute('aria-live')
      span.cursorMs = undefined
      span.touch()
    })
    canvas.addEventListener('keydown', (event) => this.#key(event))
  }

  #key(event: KeyboardEvent): void {
    const { span, picture } = this.#options
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (step !== undefined && event.shiftKey) span.pan(step / 4)
    else if (step !== undefined) this.#step(step, picture.times())
    else if (event.key === 'Home') span.cursorMs = span.fromMs
    else if (event.key === 'End') span.cursorMs = span.toMs
    else return
    event.preventDefault()
    span.touch()
  }

  /** To the next point; of many, so far that a screen takes about a hundred steps. */
  #step(step: number, times: Float64Array | undefined): void {
    const { span } = this.#options
    const shown = (times ?? new Float64Array()).filter((atMs) => atMs >= span.fromMs && atMs <= span.toMs)
    if (shown.length === 0) return
    const stride = Math.max(1, Math.round(shown.length / 100))
    const from = span.cursorMs ?? (step > 0 ? span.fromMs : span.toMs)
    const i = shown.findIndex((atMs) => atMs >= from)
    const next =
      span.cursorMs === undefined ? (step > 0 ? 0 : shown.length - 1) : (i < 0 ? shown.length : i) + step * stride
    span.cursorMs = shown[Math.min(shown.length - 1, Math.max(0, next))] as number
  }
}
