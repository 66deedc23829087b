/** A few lines over one axis, for parts of the state that an application adds. Small enough that nothing has to be thinned out. */
import { padded, scale, share } from '../../plot/scale.js'
import { labelled } from '../../plot/units.js'
import { h, say } from '../dom.js'
import { number } from '../format.js'
import { type Palette, paletteOf, rule } from './paint.js'

export interface MiniLine {
  readonly name: string
  readonly values: readonly (number | null)[]
  /** `main` is what it is about, `other` what it is compared with. */
  readonly tone?: 'main' | 'other'
}

export interface MiniChart {
  readonly title: string
  readonly note?: string
  readonly log?: boolean
  /** Places along the axis; default: how many values there are. */
  readonly length?: number
  /** Stretches of the axis with names. */
  readonly stretches?: readonly { readonly name: string; readonly from: number; readonly to: number }[]
  readonly lines: readonly MiniLine[]
}

const [TOP, RIGHT, BOTTOM] = [20, 8, 6]

export class Mini {
  readonly element: HTMLElement
  readonly #canvas = h('canvas', { role: 'img' })
  readonly #title = h('h3')
  readonly #key = h('p', { class: 'key' })
  #chart: MiniChart | undefined

  constructor() {
    this.element = h(
      'figure',
      { class: 'chart mini' },
      h('header', {}, this.#title, this.#key),
      h('div', { class: 'chart-box' }, this.#canvas),
    )
    new ResizeObserver(() => this.draw()).observe(this.#canvas.parentElement as Element)
  }

  update(chart: MiniChart): void {
    this.#chart = chart
    say(this.#title, chart.title)
    const names = chart.lines.map(({ name, tone }) => `${tone === 'other' ? 'other' : 'line'} ${name}`)
    if (this.#key.dataset.of !== names.join()) {
      this.#key.dataset.of = names.join()
      const note = chart.note === undefined ? [] : [h('span', { text: chart.note })]
      const items = chart.lines.map(({ name, tone }) =>
        h('span', {}, h('i', { class: `swatch ${tone === 'other' ? 'other' : 'line'}` }), name),
      )
      this.#key.replaceChildren(...items, ...note)
    }
    const last = chart.lines.map(({ name, values }) => `${name} ${number(values.at(-1) ?? null)}`)
    this.#canvas.setAttribute('aria-label', `${chart.title}: ${last.join(', ')}`)
    this.draw()
  }

  draw(): void {
    const chart = this.#chart
    const { clientWidth: width, clientHeight: height } = this.#canvas.parentElement as HTMLElement
    const c = this.#canvas.getContext('2d')
    if (chart === undefined || c === null || width < 40) return
    this.#canvas.width = Math.round(width * devicePixelRatio)
    this.#canvas.height = Math.round(height * devicePixelRatio)
    c.scale(devicePixelRatio, devicePixelRatio)
    c.font = '11px system-ui, sans-serif'
    const palette = paletteOf(this.#canvas)
    const all = chart.lines.flatMap(({ values }) =>
      values.filter((one): one is number => one !== null && Number.isFinite(one)),
    )
    if (all.length === 0) return
    const of = padded(scale(Math.min(...all), Math.max(...all), chart.log === true), 0.06)
    const inner = height - TOP - BOTTOM
    const ticks = labelled(of, 'number', Math.max(2, Math.floor(inner / 30)))
    const left = Math.ceil(Math.max(20, ...ticks.map(({ label }) => c.measureText(label).width))) + 8
    const length = Math.max(1, chart.length ?? Math.max(...chart.lines.map(({ values }) => values.length)))
    const x = (i: number): number => left + ((width - left - RIGHT) * i) / length
    stretches(c, chart, x, inner, palette)
    c.fillStyle = palette.soft
    c.textAlign = 'right'
    c.textBaseline = 'middle'
    for (const { at, label } of ticks) {
      const y = Math.round(TOP + inner * (1 - at)) + 0.5
      rule(c, left, y, width - RIGHT, y, { colour: palette.rule })
      c.fillText(label, left - 6, y)
    }
    for (const { values, tone } of chart.lines) {
      c.strokeStyle = tone === 'other' ? palette.other : palette.line
      c.lineWidth = tone === 'other' ? 1.5 : 2
      c.lineJoin = 'round'
      c.beginPath()
      let pen = false
      values.forEach((value, i) => {
        if (value === null || !Number.isFinite(value)) {
          pen = false
          return
        }
        const y = TOP + inner * (1 - share(of, value))
        if (pen) c.lineTo(x(i + 0.5), y)
        else c.moveTo(x(i + 0.5), y)
        pen = true
      })
      c.stroke()
    }
  }
}

function stretches(
  c: CanvasRenderingContext2D,
  chart: MiniChart,
  x: (i: number) => number,
  inner: number,
  palette: Palette,
): void {
  c.textAlign = 'left'
  c.textBaseline = 'alphabetic'
  ;(chart.stretches ?? []).forEach(({ name, from, to }, i) => {
    const room = x(to) - x(from)
    if (i % 2 === 0) {
      c.fillStyle = palette.faint
      c.globalAlpha = 0.35
      c.fillRect(x(from), TOP, room, inner)
      c.globalAlpha = 1
    }
    c.fillStyle = palette.soft
    let text = name
    while (text.length > 3 && c.measureText(text).width > room - 6) text = `${text.slice(0, -2).trimEnd()}…`
    if (c.measureText(text).width <= room - 2) c.fillText(text, x(from) + 3, 12)
  })
}
