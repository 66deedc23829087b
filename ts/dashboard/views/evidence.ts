/** What a decision rests on, as the journal has it: a list of names and values, whatever they are. */
import { h } from '../dom.js'
import { number, words } from '../format.js'

const DEPTH_MAX = 3
const ITEMS_MAX = 40

export function evidence(given: Readonly<Record<string, unknown>>, depth = 0): HTMLElement {
  const entries = Object.entries(given).filter(([, value]) => value !== null && value !== undefined)
  if (entries.length === 0) return h('p', { class: 'soft', text: 'The journal says no more.' })
  const rows = entries
    .slice(0, ITEMS_MAX)
    .flatMap(([name, value]) => [h('dt', { text: words(name) }), h('dd', {}, shown(value, depth))])
  return h('dl', { class: 'evidence' }, ...rows)
}

/** Records of the same fields, such as the model of each knob: a table reads better than lists in lists. */
function asTable(given: Readonly<Record<string, unknown>>): HTMLElement | undefined {
  const rows = Object.entries(given)
  const fields = [...new Set(rows.flatMap(([, row]) => (isRecord(row) ? Object.keys(row) : [])))]
  const plain = rows.every(([, row]) => isRecord(row) && Object.values(row).every((one) => typeof one !== 'object'))
  if (rows.length < 2 || !plain || fields.length === 0 || fields.length > 8) return undefined
  const heads = fields.map((name) => h('th', { scope: 'col', text: words(name) }))
  const lines = rows
    .slice(0, ITEMS_MAX)
    .map(([name, row]) =>
      h(
        'tr',
        {},
        h('th', { scope: 'row', text: name }),
        ...fields.map((one) => h('td', {}, shown((row as Record<string, unknown>)[one]))),
      ),
    )
  const table = h('table', {}, h('thead', {}, h('tr', {}, h('td'), ...heads)), h('tbody', {}, ...lines))
  return h('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': 'Figures' }, table)
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export function shown(value: unknown, depth = 0): Node | string {
  if (typeof value === 'number') return number(value, 4)
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'string') return value
  if (value === null || value === undefined) return '–'
  if (Array.isArray(value)) {
    if (value.every((one) => typeof one !== 'object' || one === null))
      return (
        value
          .slice(0, ITEMS_MAX)
          .map((one) => String(shown(one)))
          .join(', ') || 'none'
      )
    if (depth < DEPTH_MAX)
      return h('div', {}, ...value.slice(0, ITEMS_MAX).map((one) => evidence(Object(one), depth + 1)))
  }
  if (isRecord(value) && depth < DEPTH_MAX) return asTable(value) ?? evidence(value, depth + 1)
  return JSON.stringify(value).slice(0, 300)
}
