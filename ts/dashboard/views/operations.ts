/** Who asked for what, and what came of it. */
import type { OperationRecord } from '../../server/api/commands.js'
import { h, keyed, say, show } from '../dom.js'
import { clock, moment, words } from '../format.js'
import { shown } from './evidence.js'
import { poll, type Shared, type View } from './view.js'

const HEADS = ['When', 'Who', 'Of', 'What', 'Outcome', 'Why']
const TONE: Readonly<Record<string, string>> = { done: 'good', refused: 'guard', failed: 'bad', asked: 'guard' }

export class OperationsView implements View {
  readonly id = 'operations'
  readonly title = 'Operations'
  readonly element: HTMLElement
  readonly #shared: Shared
  readonly #rows = h('tbody')
  readonly #empty = h('p', {
    class: 'empty-line',
    text: 'Nobody asked for anything yet. Every command, from here or by program, is kept in this list.',
  })
  readonly #poll = poll(() => this.#load(), 3000)
  #lastSeq = -1

  constructor(shared: Shared) {
    this.#shared = shared
    this.element = h(
      'div',
      {},
      h('div', { class: 'section-head' }, h('h2', { text: 'Operations' })),
      h(
        'section',
        { class: 'card scroll', tabindex: 0, 'aria-label': 'Operations, the newest first' },
        h(
          'table',
          {},
          h('caption', { class: 'hidden', text: 'Operations' }),
          h('thead', {}, h('tr', {}, ...HEADS.map((text) => h('th', { scope: 'col', text })))),
          this.#rows,
        ),
        this.#empty,
      ),
    )
  }

  offered(): boolean {
    return true
  }

  shown(): void {
    this.#lastSeq = -1
    this.#poll.now()
  }

  update(): void {
    const seq = this.#shared.model.state?.operations.lastSeq ?? -1
    if (seq !== this.#lastSeq) this.#poll.soon()
  }

  async #load(): Promise<void> {
    const { client, model } = this.#shared
    if (model.connection.is !== 'live') return
    const seq = model.state?.operations.lastSeq ?? -1
    const { operations } = await client.get<{ operations: OperationRecord[] }>('api/v1/operations?limit=200')
    this.#lastSeq = seq
    show(this.#empty, operations.length === 0)
    keyed(this.#rows, operations, ({ seq: one }) => String(one), row)
  }
}

function row({ atMs, actor, peer, target, command, outcome, violation }: OperationRecord): HTMLElement {
  const { command: name, reason, ...rest } = command
  const details = Object.entries(rest).map(([key, value]) => {
    const text = shown(value)
    return `${words(key)} ${typeof text === 'string' ? text : JSON.stringify(value)}`
  })
  const element = h(
    'tr',
    {},
    h('td', {}, h('time', { text: clock(atMs), title: moment(atMs) })),
    h('td', { text: actor, title: peer ?? '' }),
    h('td', { text: target }),
    h('td', { text: [words(String(name)), ...details].join(', ') }),
    h('td', {}, h('span', { class: `chip ${TONE[outcome] ?? 'plain'}` })),
    h('td', { class: 'wrap', text: typeof reason === 'string' ? reason : '' }),
  )
  say(element.querySelector('.chip') as Element, violation === null ? outcome : `${outcome}: ${words(violation)}`)
  return element
}
