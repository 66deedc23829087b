/** Picks trials by ranges on the axes of the parallel coordinates; the other pictures and the table follow. */
export const BRUSH = String.raw`
const scales = []
/** Range of each axis that is brushed, as shares of its height. */
const ranges = new Map()
const clamp = (share) => Math.max(0, Math.min(1, share))

function shareOf(scale, value) {
  if (typeof value !== 'number') return null
  if (scale.choices) return (value + .5) / scale.choices
  if (scale.low === scale.high) return .5
  const f = scale.log ? Math.log : (v) => v / 2
  return clamp((f(Math.max(value, scale.log ? scale.low : -Infinity)) - f(scale.low)) / (f(scale.high) - f(scale.low)))
}
function readOut(i, share) {
  const scale = scales[i]
  if (scale.choices) return words(D.knobs[i].choices[Math.min(scale.choices - 1, Math.floor(share * scale.choices))])
  const value = scale.log ? Math.exp(Math.log(scale.low) + share * Math.log(scale.high / scale.low))
    : scale.low * (1 - share) + scale.high * share
  return words(+value.toPrecision(4)) + (scale.unit ? ' ' + scale.unit : '')
}
const valueAt = (row, i) => row[i < D.knobs.length ? 7 + i : 3]

function applyRanges() {
  picked = ranges.size === 0 ? null : new Set()
  if (picked) {
    for (const row of D.rows) {
      const fits = [...ranges].every(([i, [low, high]]) => {
        const share = shareOf(scales[i], valueAt(row, i))
        return share !== null && share >= low - 1e-6 && share <= high + 1e-6
      })
      // The lines are complete trials; a range says nothing about others.
      if (fits && row[3] != null && row[2] < 2) picked.add(row[0])
    }
  }
  for (const path of document.querySelectorAll('.line[data-t]')) path.classList.toggle('off', picked !== null && !picked.has(+path.dataset.t))
  for (const path of document.querySelectorAll('.dots[data-t]:not(.ghost),.signs[data-t]:not(.ghost)')) thinOut(path)
  const note = document.querySelector('.picked')
  note.hidden = picked === null
  if (picked) {
    const said = [...ranges].map(([i, [low, high]]) => {
      const name = i < D.knobs.length ? D.knobs[i].name : 'value', [a, b] = [readOut(i, low), readOut(i, Math.max(low, high - 1e-9))]
      return name + (a === b ? ' ' + a : ' ' + a + ' to ' + b)
    })
    note.querySelector('span').textContent = picked.size + ' of ' + D.rows.filter((row) => row[2] < 2).length + ' trials: ' + said.join(', ')
    say(note.querySelector('span').textContent)
  } else say('all trials')
  for (const draw of brushes) draw()
  turnTo(0)
}

/** The marks of the trials that are picked; the others stay as a shadow. */
function thinOut(path) {
  const pieces = piecesOf(path)
  if (!path.shadow) {
    path.shadow = path.cloneNode()
    path.shadow.classList.add('ghost')
  }
  if (!picked) { path.shadow.remove(); path.setAttribute('d', pieces.map(({ d }) => d).join('')); return }
  path.before(path.shadow)
  path.setAttribute('d', pieces.filter(({ t }) => picked.has(t)).map(({ d }) => d).join(''))
}

const brushes = []
for (const svg of document.querySelectorAll('#parallel svg')) {
  const axes = [...svg.querySelectorAll('.axis')]
  let now = -1
  axes.forEach((axis, i) => {
    const { x, top, height } = axis.dataset, [left, from, long] = [+x, +top, +height]
    scales[i] = JSON.parse(axis.dataset.axis)
    const brush = drawn('rect', { class: 'brush', x: left - 7, width: 14, y: from, height: 0, visibility: 'hidden' })
    const grab = drawn('rect', { class: 'grab', x: left - 13, y: from - 8, width: 26, height: long + 16 })
    axis.append(brush, grab)
    brushes.push(() => {
      const range = ranges.get(i)
      brush.setAttribute('visibility', range ? 'visible' : 'hidden')
      if (!range) return
      brush.setAttribute('y', from + (1 - range[1]) * long)
      brush.setAttribute('height', Math.max(1, (range[1] - range[0]) * long))
    })
    let start = null
    const at = (event) => {
      const box = svg.getBoundingClientRect()
      return clamp(1 - ((event.clientY - box.top) * svg.viewBox.baseVal.height / box.height - from) / long)
    }
    grab.addEventListener('pointerdown', (event) => { start = at(event); grab.setPointerCapture(event.pointerId); hide(); event.preventDefault() })
    grab.addEventListener('pointermove', (event) => {
      if (start === null) return
      const end = at(event)
      if (Math.abs(end - start) * long < 3) return
      ranges.set(i, [Math.min(start, end), Math.max(start, end)])
      applyRanges()
    })
    const done = (event) => {
      if (start !== null && Math.abs(at(event) - start) * long < 3 && ranges.delete(i)) applyRanges()
      start = null
    }
    grab.addEventListener('pointerup', done)
    grab.addEventListener('pointercancel', () => { start = null })
  })
  svg.addEventListener('keydown', (event) => {
    const { key } = event
    if (key === 'Escape') { ranges.clear(); hide(); applyRanges(); return }
    const turn = { ArrowRight: 1, ArrowLeft: -1 }[key], move = { ArrowUp: .05, ArrowDown: -.05 }[key]
    if (turn) {
      now = now < 0 ? (turn > 0 ? 0 : axes.length - 1) : Math.max(0, Math.min(axes.length - 1, now + turn))
      axes.forEach((axis, i) => axis.classList.toggle('now', i === now))
      const scroller = svg.parentNode, x = +axes[now].dataset.x
      if (scroller.scrollWidth > scroller.clientWidth) scroller.scrollLeft = x - scroller.clientWidth / 2
      const range = ranges.get(now) || [0, 1]
      say(axes[now].dataset.name + ', ' + readOut(now, range[0]) + ' to ' + readOut(now, Math.max(range[0], range[1] - 1e-9)))
    } else if (now >= 0 && move) {
      let [low, high] = ranges.get(now) || [0, 1]
      if (event.shiftKey) low = Math.min(high, clamp(low + move)); else high = Math.max(low, clamp(high + move))
      if (low <= 1e-9 && high >= 1 - 1e-9) ranges.delete(now); else ranges.set(now, [low, high])
      applyRanges()
    } else if (now >= 0 && (key === 'Delete' || key === 'Backspace')) {
      if (ranges.delete(now)) applyRanges()
    } else return
    event.preventDefault()
  })
}
const showAll = document.querySelector('.picked button')
if (showAll) showAll.addEventListener('click', () => { ranges.clear(); applyRanges() })
`
