/**
 * The call graph in layers: who is called stands right of who calls. Cycles are cut at the call that closes them. Everything that the
 * picture shows is also a list for those who cannot see it.
 */
import type { Graph } from '../../server/api/state.js'
import { h, svg } from '../dom.js'

const BOX = { width: 148, height: 38, across: 84, down: 16 }
const NODES_MAX = 120

export interface Placed {
  readonly name: string
  readonly layer: number
  readonly row: number
}

/** Layers by the longest way to a node; rows by where the callers stand, so that few lines cross. */
export function layout(
  names: readonly string[],
  edges: readonly { readonly from: string; readonly to: string }[],
): Placed[] {
  const known = new Set(names)
  const out = new Map<string, string[]>(names.map((name) => [name, []]))
  for (const { from, to } of edges) if (known.has(from) && known.has(to) && from !== to) out.get(from)?.push(to)
  const order: string[] = []
  const state = new Map<string, 'open' | 'done'>()
  const forward = new Map<string, string[]>(names.map((name) => [name, []]))
  const visit = (name: string): void => {
    state.set(name, 'open')
    for (const to of out.get(name) ?? []) {
      if (state.get(to) === 'open') continue
      forward.get(name)?.push(to)
      if (!state.has(to)) visit(to)
    }
    state.set(name, 'done')
    order.unshift(name)
  }
  const called = new Set(edges.filter(({ from, to }) => from !== to).map(({ to }) => to))
  for (const name of [...names.filter((one) => !called.has(one)), ...names]) if (!state.has(name)) visit(name)
  const layer = new Map<string, number>(names.map((name) => [name, 0]))
  for (const name of order)
    for (const to of forward.get(name) ?? [])
      layer.set(to, Math.max(layer.get(to) as number, (layer.get(name) as number) + 1))
  const layers: string[][] = []
  for (const name of order) {
    const at = layer.get(name) as number
    layers[at] ??= []
    layers[at].push(name)
  }
  const row = new Map<string, number>()
  layers.forEach((list, i) => {
    const weight = (name: string): number => {
      const callers = names.filter((one) => forward.get(one)?.includes(name) && (layer.get(one) as number) < i)
      return callers.length === 0 ? 0 : callers.reduce((sum, one) => sum + (row.get(one) ?? 0), 0) / callers.length
    }
    const weights = new Map(list.map((name) => [name, weight(name)]))
    list.sort((a, b) => (weights.get(a) as number) - (weights.get(b) as number) || a.localeCompare(b))
    for (const [r, name] of list.entries()) row.set(name, r)
  })
  return names.map((name) => ({ name, layer: layer.get(name) as number, row: row.get(name) as number }))
}

export function graphPicture({ nodes, edges }: Graph): HTMLElement {
  if (nodes.length === 0)
    return h('p', { class: 'empty-line', text: 'No call was seen yet. Calls within calls appear here by themselves.' })
  const shown = nodes.slice(0, NODES_MAX)
  const placed = new Map(
    layout(
      shown.map(({ component }) => component),
      edges,
    ).map((one) => [one.name, one]),
  )
  const at = (name: string): { x: number; y: number } => {
    const { layer, row } = placed.get(name) as Placed
    return { x: 4 + layer * (BOX.width + BOX.across), y: 4 + row * (BOX.height + BOX.down) }
  }
  const list = [...placed.values()]
  const width = 8 + BOX.width + Math.max(...list.map(({ layer }) => layer)) * (BOX.width + BOX.across)
  const height = 8 + BOX.height + Math.max(...list.map(({ row }) => row)) * (BOX.height + BOX.down)
  const drawn = edges.filter(({ from, to }) => placed.has(from) && placed.has(to) && from !== to)
  const lines = drawn.map(({ from, to }) => {
    const [a, b] = [at(from), at(to)]
    const [x0, y0, x1, y1] = [a.x + BOX.width, a.y + BOX.height / 2, b.x, b.y + BOX.height / 2]
    const bend = Math.max(30, Math.abs(x1 - x0) / 2)
    return svg('path', {
      class: 'edge',
      d: `M${x0} ${y0}C${x0 + bend} ${y0} ${x1 - bend} ${y1} ${x1 - 5} ${y1}`,
      'marker-end': 'url(#arrow)',
    })
  })
  const boxes = shown.map(({ component, health, state }) => {
    const { x, y } = at(component)
    const short = component.length > 20 ? `${component.slice(0, 19)}…` : component
    return svg(
      'g',
      { class: `node ${health} ${state}`, transform: `translate(${x} ${y})` },
      svg('title', {}, `${component}: ${health}, breaker ${state}`),
      svg('rect', { width: BOX.width, height: BOX.height, rx: 8 }),
      svg('text', { x: 12, y: 16 }, short),
      svg('text', { x: 12, y: 30, class: 'small' }, state === 'closed' ? health : `${health} · ${state}`),
    )
  })
  const arrow = svg(
    'marker',
    { id: 'arrow', viewBox: '0 0 6 6', refX: 5, refY: 3, markerWidth: 6, markerHeight: 6, orient: 'auto' },
    svg('path', { d: 'M0 0L6 3L0 6z' }),
  )
  const words = `${shown.length} components, ${drawn.length} calls`
  const picture = svg(
    'svg',
    { viewBox: `0 0 ${width} ${height}`, width, height, role: 'img', 'aria-label': words },
    svg('defs', {}, arrow),
    ...lines,
    ...boxes,
  )
  const calls = drawn.map(({ from, to }) => h('li', { text: `${from} calls ${to}` }))
  return h(
    'div',
    {},
    h('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': 'Call graph' }, picture),
    calls.length > 0 &&
      h('details', { class: 'as-list' }, h('summary', { text: `As a list (${calls.length})` }), h('ul', {}, ...calls)),
  )
}
