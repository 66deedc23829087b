/** Finds the mark under the pointer, or moves from mark to mark by keys, shows its trial, and points it out in all pictures. */
export const HOVER = String.raw`
const places = new Map()
/** The marks of one path with their trials, as they were drawn. */
function piecesOf(path) {
  if (path.pieces) return path.pieces
  const steps = path.dataset.t.split(' ')
  let t = 0
  path.pieces = path.getAttribute('d').split(/(?=M)/).map((d, i) => ({ t: (t += +steps[i]), d }))
  return path.pieces
}
/** Marks of a picture, read off its own paths: every mark starts with one absolute move. */
function marksOf(svg) {
  if (places.has(svg)) return places.get(svg)
  const list = []
  for (const path of svg.querySelectorAll('path[data-t]:not(.ghost)')) {
    if (path.classList.contains('line')) {
      const points = [...path.getAttribute('d').matchAll(/[ML](-?[\d.]+) (-?[\d.]+)/g)].map((m) => [+m[1], +m[2]])
      list.push({ t: +path.dataset.t, points, path })
      continue
    }
    for (const { t, d } of piecesOf(path)) {
      const [, x, y] = /^M(-?[\d.]+) (-?[\d.]+)/.exec(d)
      list.push({ t, x: +x, y: +y })
    }
  }
  places.set(svg, list)
  return list
}

/** Nearest place of a line to a point: at the same height of the axis, straight between two axes. */
function alongLine(points, x, y) {
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1], points[i]]
    if (x < a[0] || x > b[0]) continue
    const at = a[1] + (b[1] - a[1]) * (x - a[0]) / (b[0] - a[0])
    const slope = (b[1] - a[1]) / (b[0] - a[0])
    return { y: at, far: Math.abs(y - at) / Math.hypot(1, slope) }
  }
  return null
}

function nearest(svg, x, y, reach) {
  let found = null, far = reach
  for (const mark of marksOf(svg)) {
    if (picked && !picked.has(mark.t)) continue
    if (mark.points) {
      const at = alongLine(mark.points, x, y)
      if (at && at.far < far) { far = at.far; found = { t: mark.t, x, y: at.y } }
    } else {
      const away = Math.hypot(mark.x - x, mark.y - y)
      if (away < far) { far = away; found = mark }
    }
  }
  return found
}

function fillTip(row) {
  const tip = $('tip')
  tip.replaceChildren(node('b', 'Trial ' + words(row[1]) + (row[0] === D.best ? ', the best' : '')), node('span', outcome(row)))
  const list = node('dl')
  const pair = (name, value) => list.append(node('dt', name), node('dd', value))
  pair('value', words(row[3]))
  if (row[4] != null) pair('margin', words(row[4]))
  const most = Math.max(4, Math.min(16, Math.floor(innerHeight / 32)))
  D.knobs.slice(0, most).forEach((knob, i) => pair(knob.name, setting(row, i) + (knob.unit && row[7 + i] != null ? ' ' + knob.unit : '')))
  tip.append(list)
  if (D.knobs.length > most) tip.append(node('p', 'and ' + (D.knobs.length - most) + ' more knobs'))
  if (row[6] >= 0) tip.append(node('p', D.reasons[row[6]]))
}

let marked = -1
/** A ring around the trial in every picture that is seen. */
function point(t) {
  if (t === marked) return
  marked = t
  for (const old of document.querySelectorAll('.halo,.line.over')) old.remove()
  if (t < 0) return
  for (const svg of document.querySelectorAll('svg')) {
    if (!seen(svg)) continue
    for (const mark of marksOf(svg)) {
      if (mark.t !== t) continue
      if (!mark.points) { svg.append(drawn('circle', { class: 'halo', cx: mark.x, cy: mark.y, r: 8 })); continue }
      const copy = mark.path.cloneNode()
      copy.classList.add('over')
      copy.removeAttribute('data-t')
      mark.path.parentNode.append(copy)
    }
  }
}

function show(svg, mark) {
  const row = rows.get(mark.t)
  if (!row) return
  if (marked !== mark.t || $('tip').hidden) fillTip(row)
  point(mark.t)
  const tip = $('tip'), box = svg.getBoundingClientRect(), zoom = box.width / svg.viewBox.baseVal.width
  tip.hidden = false
  const x = box.left + mark.x * zoom, y = box.top + mark.y * zoom
  const left = x + 16 + tip.offsetWidth > innerWidth - 6 ? x - 16 - tip.offsetWidth : x + 16
  tip.style.left = Math.max(6, left) + 'px'
  tip.style.top = Math.max(6, Math.min(innerHeight - tip.offsetHeight - 6, y - tip.offsetHeight / 2)) + 'px'
}
function hide() { $('tip').hidden = true; point(-1) }

function byKeys(svg, event) {
  const step = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key]
  if (event.key === 'Escape') hide()
  if (step === undefined) return
  event.preventDefault()
  const list = marksOf(svg).filter((mark) => !picked || picked.has(mark.t)).sort((a, b) => a.t - b.t)
  if (list.length === 0) return
  const now = list.findIndex((mark) => mark.t === marked)
  const next = list[now < 0 ? (step < 0 ? list.length - 1 : 0) : Math.max(0, Math.min(list.length - 1, now + step))] || list[0]
  show(svg, step === Infinity ? list[list.length - 1] : step === -Infinity ? list[0] : next)
  const row = rows.get(marked)
  if (row) say('Trial ' + row[1] + ', ' + outcome(row) + ', value ' + words(row[3]) + (row[0] === D.best ? ', the best' : ''))
}

for (const svg of document.querySelectorAll('#history svg, .panel, #parallel svg')) {
  if (!svg.querySelector('path[data-t]')) continue
  const move = (event) => {
    if (event.buttons && event.type === 'pointermove') return
    const box = svg.getBoundingClientRect(), zoom = box.width / svg.viewBox.baseVal.width
    const mark = nearest(svg, (event.clientX - box.left) / zoom, (event.clientY - box.top) / zoom, 22 / zoom)
    if (mark) show(svg, mark); else hide()
  }
  svg.addEventListener('pointermove', move)
  svg.addEventListener('pointerdown', move)
  svg.addEventListener('pointerleave', (event) => { if (event.pointerType === 'mouse') hide() })
  svg.addEventListener('blur', hide)
  svg.setAttribute('tabindex', '0')
  svg.setAttribute('role', 'application')
  svg.setAttribute('aria-roledescription', 'interactive chart')
  if (!svg.closest('#parallel')) svg.addEventListener('keydown', (event) => byKeys(svg, event))
}
addEventListener('scroll', () => { if (!$('tip').hidden) hide() }, { passive: true, capture: true })
document.addEventListener('pointerdown', (event) => { if (!event.target.closest('svg')) hide() })
`
