/** How much each knob matters, as bars with their values. */
import { FONT, message } from './frame.js'
import type { Study } from './study.js'
import { type Drawing, el, text } from './svg.js'
import { number, shortenedName, widthOf } from './text.js'

const ROW = 26

export function importance({ importance: list, knobs }: Study, width: number): Drawing {
  if (list.length === 0) {
    const lines = ['Knob importance is not known yet', 'it takes more complete trials']
    return { width, height: 96, label: lines[0] as string, body: message(width, 44, lines) }
  }
  const widest = Math.max(...list.map(({ name }) => widthOf(name))) * FONT + 2
  const left = 8 + Math.min(widest, width * 0.4) + 10
  const most = list[0]?.value ?? 0
  const labels = Math.max(...list.map(({ value }) => widthOf(number(value, 3)))) * FONT
  const room = width - left - labels - 18
  const rows = list.map(({ name, value }, i) => {
    const y = 8 + i * ROW
    const long = most > 0 ? (value / most) * room : 0
    return (
      text(left - 10, y + 14, shortenedName(name, left - 18), { class: 'ink', 'text-anchor': 'end' }, name) +
      el('rect', { class: 'track', x: left, y: y + 2, width: room, height: ROW - 10, rx: 2 }) +
      el('rect', { class: 'bar', x: left, y: y + 2, width: Math.max(1, long), height: ROW - 10, rx: 2 }) +
      text(left + room + 8, y + 14, number(value, 3), { class: 'ink' })
    )
  })
  const unknown = knobs.length - list.length
  const foot = 8 + list.length * ROW + 12
  if (unknown > 0) rows.push(text(8, foot, `${unknown} more: not known yet`))
  const first = list.slice(0, 5).map(({ name, value }) => `${name} ${number(value, 3)}`)
  return {
    width,
    height: 8 + list.length * ROW + (unknown > 0 ? 18 : 2),
    label: `Knob importance, the most important first: ${first.join(', ')}`,
    body: rows.join(''),
  }
}
