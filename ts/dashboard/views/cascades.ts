/** Cascades with their witnesses: a line of time, and for each what broke first, what followed, what was done. */
import type { WitnessState } from '../../server/api/state.js'
import { attribute, h, keyed, say, show, svg } from '../dom.js'
import { clock, micros, moment, number, percent, span, words } from '../format.js'
import type { Model } from '../model.js'
import { roving } from '../ui/roving.js'
import { poll, type Shared, type View } from './view.js'

export class CascadesView implements View {
  readonly id = 'cascades'
  readonly title = 'Cascades'
  readonly element: HTMLElement
  readonly #shared: Shared
  readonly #strip = h('div', { class: 'strip' })
  readonly #list = h('ol', { class: 'witnesses' })
  readonly #empty = h('p', {
    class: 'empty-line',
    text: 'No cascade was seen. When one failure pulls others down, its course and its likely root cause appear here.',
  })
  readonly #card: HTMLElement
  readonly #poll = poll(() => this.#load(), 3000)

  constructor(shared: Shared) {
    this.#shared = shared
    roving(this.#list, '.witness > summary', 'down')
    this.#card = h('section', { class: 'card', 'aria-label': 'When cascades were' }, this.#strip)
    this.element = h(
      'div',
      {},
      h('div', { class: 'section-head' }, h('h2', { text: 'Cascades' })),
      this.#card,
      h('section', { class: 'card list', 'aria-label': 'Cascades, the newest first' }, this.#list, this.#empty),
    )
  }

  offered({ state }: Model): boolean {
    return state !== undefined && state.reflex !== null
  }

  shown(): void {
    this.#poll.now()
  }

  update(): void {
    this.#poll.soon()
  }

  async #load(): Promise<void> {
    const { model, client } = this.#shared
    if (model.connection.is !== 'live') return
    const { witnesses } = await client.get<{ witnesses: WitnessState[] }>('api/v1/witnesses')
    show(this.#card, witnesses.length > 0)
    show(this.#empty, witnesses.length === 0)
    this.#line(witnesses, model.state?.atMs ?? 0)
    keyed(
      this.#list,
      [...witnesses].reverse(),
      ({ witness }) => String(witness),
      (one) => this.#item(one),
      (item, one) => say(item.querySelector('.standing') as Element, lasted(one)),
    )
  }

  /** Each cascade as a bar from its first error to its recovery. */
  #line(witnesses: readonly WitnessState[], nowMs: number): void {
    const first = Math.min(...witnesses.map(({ atMs }) => atMs))
    const last = Math.max(nowMs, ...witnesses.map(({ recoveredAtMs, atMs }) => recoveredAtMs ?? atMs))
    const room = Math.max(1000, (last - first) * 0.03)
    const [from, to] = [first - room, last + room]
    const x = (atMs: number): number => ((atMs - from) / (to - from)) * 1000
    const bars = witnesses.map((one) => {
      const start = x(one.atMs)
      const bar = svg(
        'rect',
        {
          class: one.recoveredAtMs === null ? 'bar now' : 'bar',
          x: start,
          y: 6,
          width: Math.max(4, x(one.recoveredAtMs ?? nowMs) - start),
          height: 22,
          rx: 3,
        },
        svg('title', {}, `${moment(one.atMs)}: ${one.rootCause}`),
      )
      bar.addEventListener('click', () => this.#openOne(one.witness))
      return bar
    })
    const text = `${witnesses.length} cascades from ${moment(first)} to ${moment(last)}`
    const picture = svg(
      'svg',
      { viewBox: '0 0 1000 34', preserveAspectRatio: 'none', role: 'img', 'aria-label': text },
      svg('line', { x1: 0, x2: 1000, y1: 17, y2: 17 }),
      ...bars,
    )
    this.#strip.replaceChildren(
      picture,
      h('p', { class: 'ends soft' }, h('span', { text: moment(from) }), h('span', { text: moment(to) })),
    )
  }

  #openOne(witness: number): void {
    const item = [...this.#list.children].find((one) => (one as HTMLElement).dataset.key === String(witness))
    const details = item?.querySelector('details')
    if (details === null || details === undefined) return
    details.open = true
    details.querySelector('summary')?.focus()
  }

  #item(one: WitnessState): HTMLElement {
    const details = h(
      'details',
      { class: 'witness' },
      h(
        'summary',
        {},
        h('time', { text: clock(one.atMs), title: moment(one.atMs) }),
        h('span', { class: 'chip bad', text: one.rootCause }),
        h('span', {
          class: 'what',
          text: `${number(one.affectedCount)} of ${number(one.components)} components; ${words(one.decision)}`,
        }),
        h('span', { class: 'standing soft' }),
      ),
    )
    details.addEventListener('toggle', () => {
      if (details.open && details.childElementCount === 1) details.append(course(one))
    })
    return h('li', {}, details)
  }
}

const lasted = ({ atMs, recoveredAtMs }: WitnessState): string =>
  recoveredAtMs === null ? 'goes on' : `over after ${span(recoveredAtMs - atMs)}`

/** From the root cause to the latest symptom. */
function course({ chain, affected, opened, shedFromTier, words: said }: WitnessState): HTMLElement {
  const steps = [...chain].reverse()
  const start = steps[0]?.atMs ?? 0
  const list = h(
    'ol',
    { class: 'course' },
    ...steps.map(({ component, atMs, blames }, i) =>
      h(
        'li',
        { class: 'step' },
        h('span', { class: 'soft', text: i === 0 ? 'first' : `+${span(atMs - start)}` }),
        h('strong', { text: component }),
        h('span', {
          class: 'soft',
          text: i === 0 ? 'likely root cause' : blames === undefined ? '' : `because of ${blames}`,
        }),
      ),
    ),
  )
  const rows = affected.map(({ component, errorRate, p99Us, queueDepth }) =>
    h(
      'tr',
      {},
      h('th', { scope: 'row', text: component }),
      h('td', { text: percent(errorRate) }),
      h('td', { text: micros(p99Us) }),
      h('td', { text: number(queueDepth) }),
    ),
  )
  const heads = ['Affected', 'Errors', 'p99', 'Queue'].map((text) => h('th', { scope: 'col', text }))
  const done = [
    opened.length > 0 && `Breakers opened: ${opened.join(', ')}.`,
    shedFromTier < 5 && `Load was shed from tier ${shedFromTier} on.`,
  ].filter(Boolean)
  const scroll = h(
    'div',
    { class: 'scroll' },
    h('table', {}, h('thead', {}, h('tr', {}, ...heads)), h('tbody', {}, ...rows)),
  )
  attribute(scroll, 'tabindex', 0)
  attribute(scroll, 'role', 'group')
  attribute(scroll, 'aria-label', 'Affected components')
  return h(
    'div',
    { class: 'detail' },
    list,
    rows.length > 0 && scroll,
    h('p', { text: done.join(' ') }),
    h('pre', { text: said }),
  )
}
