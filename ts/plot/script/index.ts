/** The page's own script: plain DOM, every text set as text, no inline handlers, nothing evaluated. */
import { BRUSH } from './brush.js'
import { HOVER } from './hover.js'
import { TABLE } from './table.js'

export const SCRIPT = `(() => {
'use strict'
const $ = (id) => document.getElementById(id)
const NS = 'http://www.w3.org/2000/svg'
const D = JSON.parse($('study').textContent)
const rows = new Map(D.rows.map((row) => [row[0], row]))
const say = (text) => { $('say').textContent = text }
const node = (name, text) => { const made = document.createElement(name); if (text != null) made.textContent = text; return made }
const drawn = (name, attributes) => {
  const made = document.createElementNS(NS, name)
  for (const key in attributes) made.setAttribute(key, attributes[key])
  return made
}
const words = (value) => value == null ? '–' : typeof value === 'number' ? String(value).replace(/-/g, '−').replace('e+', 'e') : value
const setting = (row, i) => {
  const { choices } = D.knobs[i], value = row[7 + i]
  return choices && typeof value === 'number' ? choices[value] : words(value)
}
const outcome = (row) => D.outcomes[row[2]] + (row[5] ? ', added' : '')
const seen = (svg) => svg.getClientRects().length > 0
/** The trials that the brushes leave, or null for all. */
let picked = null
${HOVER}
${BRUSH}
${TABLE}
})()`
