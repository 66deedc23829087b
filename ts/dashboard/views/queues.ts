/** Queues and what waits in them by tier. */
import type { QueueState } from '../../server/api/state.js'
import { h, keyed, say, show } from '../dom.js'
import { number, percent } from '../format.js'
import type { Model } from '../model.js'
import type { Shared, View } from './view.js'

const TIERS = ['emergency', 'strategic', 'normal', 'experimental', 'background'] as const

export class QueuesView implements View {
  readonly id = 'queues'
  readonly title = 'Queues'
  readonly element: HTMLElement
  readonly #shared: Shared
  readonly #list = h('div', { class: 'queues' })

  constructor(shared: Shared) {
    this.#shared = shared
    this.element = h('div', {}, h('div', { class: 'section-head' }, h('h2', { text: 'Queues' })), this.#list)
  }

  offered({ state }: Model): boolean {
    return (state?.queues.length ?? 0) > 0
  }

  update(): void {
    keyed(this.#list, this.#shared.model.state?.queues ?? [], ({ name }) => name, make, fill)
  }
}

function make({ name }: QueueState): HTMLElement {
  const rows = TIERS.map((tier) =>
    h(
      'div',
      { class: 'tier' },
      h('dt', { text: tier }),
      h('dd', {}, h('meter', { min: 0, 'aria-label': `${tier} waiting in ${name}` }), h('span', { class: 'count' })),
    ),
  )
  return h(
    'article',
    { class: 'card queue', 'aria-label': `Queue ${name}` },
    h(
      'header',
      {},
      h('h3', { text: name }),
      h('strong', { class: 'value' }),
      h('span', { class: 'soft', text: 'waiting' }),
    ),
    h('dl', { class: 'tiers' }, ...rows),
    h('p', { class: 'soft' }),
  )
}

function fill(element: HTMLElement, { waiting, byTier, running, refused, dropped, capacity }: QueueState): void {
  say(element.querySelector('.value') as Element, number(waiting))
  const list = element.querySelector('.tiers') as HTMLElement
  show(list, byTier !== undefined)
  const most = Math.max(8, ...(byTier ?? []))
  ;(byTier ?? []).forEach((count, i) => {
    const row = list.children[i] as HTMLElement
    const meter = row.querySelector('meter') as HTMLMeterElement
    meter.max = most
    meter.value = count
    say(row.querySelector('.count') as Element, number(count))
  })
  const facts = [
    running !== undefined && `${number(running)} running`,
    refused !== undefined && `${number(refused)} refused`,
    dropped !== undefined && `${number(dropped)} dropped`,
    `upstream should send ${percent(capacity)} of the usual`,
  ]
  say(element.lastElementChild as Element, facts.filter(Boolean).join(' · '))
}
