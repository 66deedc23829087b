/**
 * Parts of the state that the application adds: `kernels`, `fleet`, and whatever else it has. Lists of records become tables in which
 * lifecycle, tags and speed-up are known; a `panel` says itself how it wants to be shown (docs/dashboard.md).
 */

import { Mini, type MiniChart } from '../chart/mini.js'
import { h, keyed, say } from '../dom.js'
import { number, words } from '../format.js'
import type { Model } from '../model.js'
import { evidence, shown } from './evidence.js'
import type { Shared, View } from './view.js'

interface Panel {
  readonly figures?: readonly {
    readonly label: string
    readonly value: string | number
    readonly note?: string
    readonly tone?: string
  }[]
  readonly charts?: readonly MiniChart[]
  readonly tables?: readonly {
    readonly title: string
    readonly head: readonly string[]
    readonly rows: readonly (readonly (string | number)[])[]
  }[]
}
type Rec = Readonly<Record<string, unknown>>

const TONES: Readonly<Record<string, string>> = {
  ...{
    validated: 'good',
    certified: 'good',
    active: 'good',
    live: 'good',
    promoted: 'good',
    healthy: 'good',
    leader: 'good',
    present: 'good',
  },
  ...{ candidate: 'move', compiling: 'move', canary: 'move', probation: 'move' },
  ...{ rejected: 'bad', failed: 'bad', quarantined: 'bad', gone: 'bad', demoted: 'bad', lost: 'bad' },
}
const CHIPS = /^(lifecycle|state|stage|status|health|role|tags)$/i
const ROWS_MAX = 500

export class SectionView implements View {
  readonly id: string
  readonly title: string
  readonly element: HTMLElement
  readonly #shared: Shared
  readonly #name: string
  readonly #body = h('div')
  readonly #minis = new Map<string, Mini>()
  #shown = ''

  constructor(shared: Shared, name: string) {
    this.#shared = shared
    this.#name = name
    this.id = name.toLowerCase().replace(/[^a-z0-9]+/g, '-')
    this.title = name.charAt(0).toUpperCase() + words(name).slice(1)
    this.element = h('div', {}, h('div', { class: 'section-head' }, h('h2', { text: this.title })), this.#body)
  }

  offered({ state }: Model): boolean {
    return state?.sections[this.#name] !== undefined
  }

  update(): void {
    const data = this.#shared.model.state?.sections[this.#name]
    const text = JSON.stringify(data)
    if (text === this.#shown) return
    this.#shown = text
    const panel = panelOf(data)
    if (panel !== undefined) this.#panel(panel)
    else this.#body.replaceChildren(...blocks(this.title, data))
  }

  repaint(): void {
    for (const mini of this.#minis.values()) mini.draw()
  }

  #panel({ figures = [], charts = [], tables = [] }: Panel): void {
    const parts = [
      ...(figures.length > 0
        ? [{ key: 'figures', make: () => h('section', { class: 'card figures', 'aria-label': 'Figures' }) }]
        : []),
      ...charts.map(({ title }) => ({
        key: `chart ${title}`,
        make: () => h('section', { class: 'card', 'aria-label': title }, this.#mini(title).element),
      })),
      ...tables.map(({ title }) => ({ key: `table ${title}`, make: () => scrolling(title) })),
    ]
    keyed(
      this.#body,
      parts,
      ({ key }) => key,
      ({ make }) => make(),
    )
    for (const chart of charts) this.#mini(chart.title).update(chart)
    for (const child of this.#body.children) {
      const key = (child as HTMLElement).dataset.key ?? ''
      if (key === 'figures') fillFigures(child, figures)
      const table = tables.find(({ title }) => key === `table ${title}`)
      if (table !== undefined)
        child.replaceChildren(
          h('h3', { text: table.title }),
          tableOf(
            table.title,
            table.head,
            table.rows.map((row) => row.map(String)),
          ),
        )
    }
  }

  #mini(title: string): Mini {
    let mini = this.#minis.get(title)
    if (mini === undefined) {
      mini = new Mini()
      this.#minis.set(title, mini)
    }
    return mini
  }
}

function panelOf(data: unknown): Panel | undefined {
  const panel = typeof data === 'object' && data !== null ? (data as { panel?: unknown }).panel : undefined
  return typeof panel === 'object' && panel !== null ? (panel as Panel) : undefined
}

function fillFigures(element: Element, figures: NonNullable<Panel['figures']>): void {
  keyed(
    element,
    figures,
    ({ label }) => label,
    ({ label }) => h('div', {}, h('h3', { text: label }), h('p', { class: 'number' }), h('p', { class: 'soft' })),
    (box, { value, note = '', tone = '' }) => {
      const [, big, small] = box.children as unknown as HTMLElement[]
      say(big as Element, typeof value === 'number' ? number(value) : value)
      ;(big as HTMLElement).className = `number ${tone}`
      say(small as Element, note)
    },
  )
}

const isRecord = (value: unknown): value is Rec => typeof value === 'object' && value !== null && !Array.isArray(value)
const isTable = (value: unknown): value is readonly Rec[] =>
  Array.isArray(value) && value.length > 0 && value.every(isRecord)

function blocks(title: string, data: unknown): HTMLElement[] {
  if (isTable(data)) return [recordTable(title, data)]
  if (Array.isArray(data) && data.length === 0)
    return [
      h(
        'section',
        { class: 'card' },
        h('p', {
          class: 'empty-line',
          text: 'Nothing here yet: it appears by itself as soon as the application has some.',
        }),
      ),
    ]
  if (!isRecord(data)) return [h('section', { class: 'card' }, h('p', {}, shown(data)))]
  const tables = Object.entries(data).filter(([, value]) => isTable(value)) as [string, readonly Rec[]][]
  const rest = Object.fromEntries(Object.entries(data).filter(([, value]) => !isTable(value)))
  return [
    ...(Object.keys(rest).length > 0 ? [h('section', { class: 'card' }, evidence(rest))] : []),
    ...tables.map(([name, rows]) => recordTable(words(name), rows)),
  ]
}

const scrolling = (title: string): HTMLElement =>
  h('section', { class: 'card scroll', tabindex: 0, 'aria-label': title })

function recordTable(title: string, rows: readonly Rec[]): HTMLElement {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))].slice(0, 12)
  const section = scrolling(title)
  const cells = rows.slice(0, ROWS_MAX).map((row) => names.map((name) => cell(name, row[name])))
  section.append(tableOf(title, names.map(words), cells))
  if (rows.length > ROWS_MAX)
    section.append(h('p', { class: 'soft', text: `${ROWS_MAX} of ${rows.length} are shown.` }))
  return section
}

function tableOf(title: string, head: readonly string[], rows: readonly (readonly (Node | string)[])[]): HTMLElement {
  return h(
    'table',
    {},
    h('caption', { class: 'hidden', text: title }),
    h('thead', {}, h('tr', {}, ...head.map((text) => h('th', { scope: 'col', text })))),
    h(
      'tbody',
      {},
      ...rows.map((row) =>
        h('tr', {}, ...row.map((one, i) => (i === 0 ? h('th', { scope: 'row' }, one) : h('td', {}, one)))),
      ),
    ),
  )
}

function cell(name: string, value: unknown): Node | string {
  if (/^speed_?-?up$/i.test(name) && typeof value === 'number')
    return h('strong', { class: value >= 1 ? 'good' : 'bad', text: `${number(value)}×` })
  if (CHIPS.test(name) && (typeof value === 'string' || Array.isArray(value)))
    return h(
      'span',
      { class: 'chips' },
      ...[value]
        .flat()
        .map((one) => h('span', { class: `chip ${TONES[String(one).toLowerCase()] ?? 'plain'}`, text: String(one) })),
    )
  return shown(value)
}
