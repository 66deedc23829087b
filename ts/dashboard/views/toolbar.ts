/** Which stretch of time the charts show. One stop for Tab; arrow keys move within. */
import type { Span } from '../chart/span.js'
import { attribute, h, say } from '../dom.js'
import { clock, span as length, moment } from '../format.js'
import { roving } from '../ui/roving.js'

const LENGTHS: readonly (readonly [label: string, ms: number | undefined])[] = [
  ['1 min', 60_000],
  ['15 min', 900_000],
  ['1 h', 3_600_000],
  ['6 h', 21_600_000],
  ['All', undefined],
]

export class Toolbar {
  readonly element: HTMLElement
  readonly #span: Span
  readonly #lengths: readonly HTMLButtonElement[]
  readonly #live: HTMLButtonElement
  readonly #text = h('span', { class: 'soft span-text' })

  constructor(span: Span) {
    this.#span = span
    const button = (label: string, name: string | undefined, run: () => void): HTMLButtonElement =>
      h('button', { type: 'button', 'aria-label': name, on: { click: run } }, label)
    this.#lengths = LENGTHS.map(([label, ms]) => button(label, undefined, () => span.choose(ms)))
    this.#live = button('Live', undefined, () => span.follow(true))
    const bar = h(
      'div',
      { class: 'toolbar', role: 'toolbar', 'aria-label': 'Stretch of time' },
      h('span', { class: 'group' }, ...this.#lengths),
      h(
        'span',
        { class: 'group' },
        button('‹', 'Earlier', () => span.pan(-0.5)),
        button('›', 'Later', () => span.pan(0.5)),
        button('−', 'Wider', () => span.zoom(2)),
        button('+', 'Closer', () => span.zoom(0.5)),
      ),
      this.#live,
    )
    roving(bar, 'button')
    this.element = h('div', { class: 'span' }, bar, this.#text)
    span.listen(() => this.#update())
    this.#update()
  }

  #update(): void {
    const { lengthMs, live, fromMs, toMs } = this.#span
    this.#lengths.forEach((button, i) => {
      attribute(button, 'aria-pressed', String(LENGTHS[i]?.[1] === lengthMs))
    })
    attribute(this.#live, 'aria-pressed', String(live))
    say(this.#text, toMs - fromMs <= 1 ? '' : `${moment(fromMs)} to ${clock(toMs)} · ${length(toMs - fromMs)}`)
  }
}
