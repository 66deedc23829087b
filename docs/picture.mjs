// A picture of one run: `npm start -- --seconds 300 --seed 11 --exit --report r.json`, then `node docs/picture.mjs r.json docs/result.svg`
import { readFileSync, writeFileSync } from 'node:fs'
import process from 'node:process'

const [from, to] = process.argv.slice(2)
if (!from || !to) {
  console.error('usage: node docs/picture.mjs <report.json> <picture.svg>')
  process.exit(2)
}
const report = JSON.parse(readFileSync(from, 'utf8'))

const [width, height, left, right, top, bottom] = [960, 380, 56, 20, 92, 34]
/** Seconds that one point is the mean of. */
const SMOOTH = 5
const seconds = report.perSecond.static.length
const smooth = (rows) =>
  rows.map((_, i) => {
    const near = rows.slice(Math.max(0, i - SMOOTH + 1), i + 1)
    return near.reduce((sum, row) => sum + row.cost, 0) / near.length
  })
const lines = { static: smooth(report.perSecond.static), tuned: smooth(report.perSecond.tuned) }
const all = [...lines.static, ...lines.tuned]
const [low, high] = [Math.min(...all), Math.max(...all)]
const x = (i) => left + (i / Math.max(1, seconds - 1)) * (width - left - right)
const y = (cost) => top + (1 - Math.log(cost / low) / Math.log(high / low)) * (height - top - bottom)
const points = (line) => line.map((cost, i) => `${x(i).toFixed(1)},${y(cost).toFixed(1)}`).join(' ')
const gain = Math.round(100 * (1 - report.tuned.cost / report.static.cost))

let start = 0
const phases = report.phases.map((phase, i) => {
  const at = start
  start += phase.seconds
  const [a, b] = [x(at), x(Math.min(start, seconds - 1))]
  const change = Math.round(100 * (phase.tuned / phase.static - 1))
  const band =
    i % 2 === 0 ? `<rect class="band" x="${a}" y="${top}" width="${b - a}" height="${height - top - bottom}"/>` : ''
  const middle = ((a + b) / 2).toFixed(1)
  return `${band}<text class="small" x="${middle}" y="${top - 8}" text-anchor="middle">${phase.name} ${change > 0 ? '+' : '−'}${Math.abs(change)} %</text>`
})
const ticks = [1, 2, 5, 10, 20, 50, 100, 200].filter((tick) => tick >= low && tick <= high)
const grid = ticks.map(
  (tick) =>
    `<line class="grid" x1="${left}" x2="${width - right}" y1="${y(tick)}" y2="${y(tick)}"/><text class="small" x="${left - 8}" y="${y(tick) + 4}" text-anchor="end">${tick}</text>`,
)

writeFileSync(
  to,
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="Cost per second of two instances under the same traffic: static ${report.static.cost.toFixed(2)}, tuned ${report.tuned.cost.toFixed(2)}">
<style>
  text { font: 15px system-ui, sans-serif; fill: #24292f }
  .small { font-size: 12px; fill: #57606a } .title { font-size: 19px; font-weight: 600 }
  .page { fill: #ffffff } .band { fill: #f6f8fa } .grid { stroke: #d0d7de; stroke-width: 1 }
  .static { stroke: #bc6c00 } .tuned { stroke: #0a7ea4 } polyline { fill: none; stroke-width: 2 }
  .key-static { fill: #bc6c00 } .key-tuned { fill: #0a7ea4 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .small { fill: #9198a1 } .page { fill: #0d1117 } .band { fill: #161b22 } .grid { stroke: #30363d }
    .static { stroke: #f0a04b } .tuned { stroke: #58c4dc } .key-static { fill: #f0a04b } .key-tuned { fill: #58c4dc }
  }
</style>
<rect class="page" width="${width}" height="${height}"/>
<text class="title" x="${left}" y="30">The same service, the same traffic: ${gain} % less cost when it tunes itself</text>
<text x="${left}" y="56"><tspan class="key-static">static ${report.static.cost.toFixed(2)}</tspan>  ·  <tspan class="key-tuned">tuned ${report.tuned.cost.toFixed(2)}</tspan>  ·  cost per second, mean of ${SMOOTH} s, lower is better</text>
${phases.join('\n')}
${grid.join('\n')}
<polyline class="static" points="${points(lines.static)}"/>
<polyline class="tuned" points="${points(lines.tuned)}"/>
<text class="small" x="${left}" y="${height - 10}">0 s</text>
<text class="small" x="${width - right}" y="${height - 10}" text-anchor="end">${seconds} s, seed ${report.seed}</text>
</svg>
`,
)
