/** The page's own script: plain DOM and SVG, every text set as text. */
export const SCRIPT = `
'use strict'
const $ = (id) => document.getElementById(id)
const NS = 'http://www.w3.org/2000/svg'
let run
const source = new EventSource('/events')
source.addEventListener('start', (e) => { run = JSON.parse(e.data); show() })
source.addEventListener('second', (e) => { run.seconds.push(JSON.parse(e.data)); show() })
source.addEventListener('changes', (e) => { run.changes.push(...JSON.parse(e.data)); showChanges() })
source.addEventListener('finished', () => { run.finished = true; show() })
source.onerror = () => {
  if (run && run.finished) { source.close(); return }
  $('state').textContent = 'the run has ended, or cannot be reached'
}
addEventListener('resize', () => run && show())

const duration = (ms) => ms == null ? '–' : ms >= 9950 ? (ms / 1000).toFixed(0) + ' s' : ms >= 1000 ? (ms / 1000).toFixed(1) + ' s' : ms.toFixed(0) + ' ms'
const cost = (x) => x >= 10 ? x.toFixed(1) : x.toFixed(2)
const mean = (list, of) => list.reduce((sum, s) => sum + s[of].cost, 0) / list.length
const change = (a, b) => { const p = Math.round((b / a - 1) * 100); return (p < 0 ? '−' + -p : p > 0 ? '+' + p : '±0') + ' %' }
const tone = (a, b) => b <= a ? 'good' : 'bad'

function show() {
  const { seconds, phases } = run
  const n = seconds.length
  const phase = phases.find((p) => Math.min(n, run.length - 1) < p.to) || phases[phases.length - 1]
  $('state').textContent = (run.finished ? 'finished' : n + ' of ' + run.length + ' s · ' + phase.name) + ' · seed ' + run.seed
  if (n) {
    const a = mean(seconds, 'static'), b = mean(seconds, 'tuned')
    $('fixed').textContent = cost(a)
    $('tuned').textContent = cost(b)
    $('gain').textContent = change(a, b)
    $('gain').className = 'number ' + tone(a, b)
    const last = seconds[n - 1]
    $('ttl-now').textContent = duration(last.ttlMs)
    $('linger-now').textContent = duration(last.lingerMs)
  }
  const all = seconds.flatMap((s) => [s.static.cost, s.tuned.cost])
  const sorted = [...all].sort((x, y) => x - y)
  // A log axis: a slow database costs tens of times what a quiet second does, and both should be legible.
  const low = Math.max(.5, Math.min(2, sorted[0] || 2)), high = Math.max(10, (sorted[sorted.length - 1] || 10) * 1.1)
  chart('cost', [['fixed', seconds.map((s) => s.static.cost)], ['tuned', seconds.map((s) => s.tuned.cost)]], low, high, true,
    [1, 2, 5, 10, 20, 50, 100].filter((t) => t >= low && t <= high).map((t) => [t, String(t)]))
  chart('ttl', [['fixed dashed', seconds.map(() => run.ttl.fixed)], ['tuned', seconds.map((s) => s.ttlMs)]], run.ttl.min, run.ttl.max, true,
    [1e3, 4e3, 15e3, 6e4].map((t) => [t, duration(t)]))
  chart('linger', [['fixed dashed', seconds.map(() => run.linger.fixed)], ['tuned', seconds.map((s) => s.lingerMs)]], run.linger.min, run.linger.max, false,
    [0, 50, 100].map((t) => [t, t + ' ms']))
  showPhases()
  showChanges()
}

function el(name, attributes, text) {
  const node = document.createElementNS(NS, name)
  for (const key in attributes) node.setAttribute(key, attributes[key])
  if (text != null) node.textContent = text
  return node
}

function chart(id, lines, low, high, log, ticks) {
  const box = $(id)
  const W = Math.max(280, box.clientWidth), H = W < 500 ? 130 : 170, left = 42, right = 6, top = 18, bottom = 4
  const x = (second) => left + (W - left - right) * second / run.length
  const scale = log ? Math.log : (v) => v
  const y = (v) => top + (H - top - bottom) * (1 - (scale(Math.min(high, Math.max(low, v))) - scale(low)) / (scale(high) - scale(low)))
  const svg = el('svg', { viewBox: '0 0 ' + W + ' ' + H, role: 'img', 'aria-label': id + ' over time' })
  run.phases.forEach((p, i) => {
    if (i % 2 === 0) svg.append(el('rect', { class: 'band', x: x(p.from), y: top, width: x(p.to) - x(p.from), height: H - top - bottom }))
    const room = x(p.to) - x(p.from), name = p.name
    const fits = Math.floor(room / 6.2)
    svg.append(el('text', { x: x(p.from) + 3, y: 12 }, name.length <= fits ? name : fits >= 5 ? name.split(' ')[0].slice(0, fits) : ''))
  })
  for (const [value, text] of ticks) {
    svg.append(el('line', { class: 'rule', x1: left, x2: W - right, y1: y(value), y2: y(value) }))
    svg.append(el('text', { x: left - 5, y: y(value) + 4, 'text-anchor': 'end' }, text))
  }
  for (const [name, values] of lines) {
    let d = '', pen = 'M'
    values.forEach((v, i) => { if (v == null) { pen = 'M'; return } d += pen + x(i + .5).toFixed(1) + ' ' + y(v).toFixed(1); pen = 'L' })
    svg.append(el('path', { class: name, d }))
  }
  box.replaceChildren(svg)
}

function showPhases() {
  $('phases').tBodies[0].replaceChildren(...run.phases.map((p) => {
    const list = run.seconds.filter((s) => s.index >= p.from && s.index < p.to)
    const row = document.createElement('tr')
    const cell = (text, name) => { const td = document.createElement('td'); td.textContent = text; if (name) td.className = name; row.append(td) }
    cell(p.name)
    if (!list.length) { cell('–'); cell('–'); cell('') } else {
      const a = mean(list, 'static'), b = mean(list, 'tuned')
      cell(cost(a), 'fixed'); cell(cost(b), 'tuned'); cell(change(a, b), tone(a, b))
    }
    return row
  }))
}

function showChanges() {
  const n = run.changes.length
  if (!n) return
  $('count').textContent = n + (n > 60 ? ', the last 60 of them' : '')
  $('changes').replaceChildren(...run.changes.slice(-60).reverse().map((c) => {
    const item = document.createElement('li')
    const time = document.createElement('time')
    const s = Math.max(0, Math.floor(c.atMs / 1000))
    time.textContent = Math.floor(s / 60) + ':' + String(s % 60).padStart(2, '0')
    const text = document.createElement('span')
    text.textContent = (c.kind === 'applied' ? '' : c.kind + ' ') + (c.knob || '') + (c.from == null || c.to == null ? '' : ' ' + duration(c.from) + ' → ' + duration(c.to))
    item.append(time, text)
    if (c.why) { const why = document.createElement('small'); why.textContent = c.why; item.append(why) }
    return item
  }))
}
`
