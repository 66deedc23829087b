/** Components with their breakers, and who was seen calling whom. */

import type { BreakerCommand } from '../../server/api/commands.js'
import type { ComponentState, Graph } from '../../server/api/state.js'
import { h, keyed, say, show } from '../dom.js'
import { micros, number, percent, words } from '../format.js'
import type { Model } from '../model.js'
import { graphPicture } from './graph.js'
import { poll, type Shared, type View } from './view.js'

const ORDERS: readonly (readonly [BreakerCommand['command'], string])[] = [
  ['open', 'Open now'],
  ['force-open', 'Hold open'],
  ['disable', 'Let all pass'],
  ['auto', 'Back to itself'],
]
const TONE: Readonly<Record<string, string>> = {
  healthy: 'good',
  failing: 'bad',
  open: 'bad',
  recovering: 'guard',
  closed: 'good',
  'half-open': 'guard',
}
const HEADS = ['Component', 'Health', 'Breaker', 'Calls', 'Errors', 'p99', 'In flight', '']

export class BreakersView implements View {
  readonly id = 'breakers'
  readonly title = 'Breakers'
  readonly element: HTMLElement
  readonly #shared: Shared
  readonly #rows = h('tbody')
  readonly #state = h('p', { class: 'soft' })
  readonly #graph = h('div', { class: 'graph' })
  readonly #patterns = h('ul', { class: 'patterns' })
  readonly #empty = h('p', {
    class: 'empty-line',
    text: 'Nothing was called yet. Wrap a call with protect(…), or name one with reflex.component(…).',
  })
  readonly #poll = poll(() => this.#load(), 3000)
  #shown = ''

  constructor(shared: Shared) {
    this.#shared = shared
    const table = h(
      'table',
      {},
      h('caption', { class: 'hidden', text: 'Components and their breakers' }),
      h('thead', {}, h('tr', {}, ...HEADS.map((text) => (text === '' ? h('td') : h('th', { scope: 'col', text }))))),
      this.#rows,
    )
    this.element = h(
      'div',
      {},
      h('div', { class: 'section-head' }, h('h2', { text: 'Breakers' }), this.#state),
      h(
        'section',
        { class: 'card scroll', tabindex: 0, 'aria-label': 'Components and their breakers' },
        table,
        this.#empty,
      ),
      h('div', { class: 'section-head' }, h('h2', { text: 'Observed calls' })),
      h('section', { class: 'card', 'aria-label': 'Who calls whom' }, this.#graph, this.#patterns),
    )
  }

  offered({ state }: Model): boolean {
    return state !== undefined && state.reflex !== null
  }

  shown(): void {
    this.#poll.now()
  }

  update(): void {
    const { model } = this.#shared
    const reflex = model.state?.reflex ?? null
    const components = reflex?.componentStates ?? []
    show(this.#empty, components.length === 0)
    if (reflex !== null) {
      const shed = reflex.shedFromTier < 5 ? `, shedding from tier ${reflex.shedFromTier}` : ''
      say(
        this.#state,
        `${reflex.state}: ${number(reflex.openBreakers)} of ${number(reflex.components)} open, ${number(reflex.inFlight)} in flight${shed}`,
      )
    }
    const sorted = [...components].sort((a, b) => a.component.localeCompare(b.component))
    keyed(
      this.#rows,
      sorted,
      ({ component }) => component,
      (one) => this.#row(one.component),
      (row, one) => this.#fill(row, one, model.operable),
    )
    this.#poll.soon()
  }

  #row(component: string): HTMLTableRowElement {
    const orders = h(
      'select',
      { 'aria-label': `Ask the breaker of ${component}` },
      h('option', { value: '', text: 'Ask …' }),
      ...ORDERS.map(([value, text]) => h('option', { value, text })),
    )
    orders.addEventListener('change', () => {
      const { model, actions } = this.#shared
      const found = model.state?.reflex?.componentStates.find((one) => one.component === component)
      if (found !== undefined && orders.value !== '') actions.breaker(found, orders.value as BreakerCommand['command'])
      orders.value = ''
    })
    const cell = (): HTMLElement => h('td')
    const chip = (): HTMLElement => h('td', {}, h('span', { class: 'chip' }))
    return h(
      'tr',
      {},
      h('th', { scope: 'row', text: component }),
      chip(),
      chip(),
      cell(),
      cell(),
      cell(),
      cell(),
      h('td', {}, orders),
    )
  }

  #fill(row: HTMLTableRowElement, one: ComponentState, operable: boolean): void {
    const { breaker, health, calls, recentErrorRate, p99Us, limit, lastError } = one
    const chips = [...row.querySelectorAll('.chip')] as HTMLElement[]
    ;[health, breaker.state].forEach((text, i) => {
      const chip = chips[i] as HTMLElement
      say(chip, words(text))
      chip.className = `chip ${TONE[text] ?? 'plain'}`
    })
    const cells = row.cells
    const most = limit === undefined || !Number.isFinite(limit) ? '' : ` of ${number(limit)}`
    const texts = [number(calls), percent(recentErrorRate), micros(p99Us), `${number(breaker.inFlight)}${most}`]
    for (const [i, text] of texts.entries()) say(cells[i + 3] as HTMLElement, text)
    ;(cells[4] as HTMLElement).title = lastError ?? ''
    ;(row.querySelector('select') as HTMLSelectElement).disabled = !operable
  }

  async #load(): Promise<void> {
    if (this.#shared.model.connection.is !== 'live') return
    const graph = await this.#shared.client.get<Graph>('api/v1/graph')
    const text = JSON.stringify([
      graph.nodes.map(({ component, health, state }) => [component, health, state]),
      graph.edges,
    ])
    if (text !== this.#shown) this.#graph.replaceChildren(graphPicture(graph))
    this.#shown = text
    keyed(
      this.#patterns,
      graph.patterns.slice(0, 20),
      ({ entry, calls }) => `${entry} ${calls.join(' ')}`,
      () => h('li'),
      (item, { calls, count, expectedUs, deviationUs }) =>
        say(item, `${calls.join(' → ')}: ${micros(expectedUs)} ± ${micros(deviationUs)}, seen ${number(count)} times`),
    )
  }
}
