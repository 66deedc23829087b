import type { Live, LiveSecond } from '../live.js'
import { scenario } from '../scenario.js'
import { LINGER_BOUNDS_MS } from '../service/settings.js'
import { bar, slider, sparkline } from './bars.js'
import { clock, cost, duration, percent, relative } from './format.js'
import { groupChanges } from './group.js'
import type { Paint } from './paint.js'

/** Seconds over which the figures at the bottom are averaged; one second alone flickers. */
const RECENT = 3

/** Rows that the roomy layout needs; with fewer the compact one is taken, which fits 24. */
const ROOMY_ROWS = 36

export interface Size {
  readonly columns: number
  readonly rows: number
}

/** The live view as lines, at most 80 columns wide whatever the terminal offers beyond. */
export function frame(live: Live, { columns, rows }: Size, paint: Paint, page: string): string[] {
  const width = Math.max(40, Math.min(80, columns)) - 2
  const roomy = rows >= ROOMY_ROWS
  const elapsed = live.seconds.length
  const phase = live.phaseAt(Math.min(elapsed, live.length - 1) * 1000)
  const lines = [
    '',
    spread(paint.bold('Homeostat'), `${elapsed} of ${live.length} s · seed ${live.seed}`, 'Homeostat'.length, width),
    paint.dim('one traffic, two instances · dashboard ') + page,
    '',
    ...timeline(live, elapsed, phase.name, width, paint),
    '',
    paint.bold('Cost per second') + paint.dim('  lower is better'),
    ...history(live.seconds, width, paint),
    '',
    paint.bold('Mean cost by phase'),
    ...(roomy ? phaseBars(live, width, paint) : phaseLines(live, width, paint)),
    '',
    paint.bold('Knobs of the tuned instance') + paint.dim('  (│ where the static one stands)'),
    ...knobs(live, width, paint),
    '',
    ...recent(live.seconds, paint),
    '',
    ...lastChange(live, paint),
    ...lag(live.seconds, paint),
  ]
  return lines.filter((line) => roomy || line !== '').map((line) => (line === '' ? line : ` ${line}`))
}

function spread(left: string, right: string, leftWidth: number, width: number): string {
  return left + ' '.repeat(Math.max(1, width - leftWidth - right.length)) + right
}

function timeline(live: Live, elapsed: number, name: string, width: number, paint: Paint): string[] {
  const done = Math.round((elapsed / live.length) * width)
  let line = ''
  let at = 0
  for (const phase of live.phases) {
    const end = Math.round((phase.toMs / live.length / 1000) * width)
    const cells = end - at - (end < width ? 1 : 0)
    const filled = Math.max(0, Math.min(cells, done - at))
    line += paint.tuned('━'.repeat(filled)) + paint.dim('━'.repeat(Math.max(0, cells - filled)))
    if (end < width) line += ' '
    at = end
  }
  return [line, paint.dim('now: ') + name]
}

function history(seconds: readonly LiveSecond[], width: number, paint: Paint): string[] {
  const columns = width - 15
  const shown = seconds.slice(-columns)
  const highest = Math.max(1, ...shown.flatMap((second) => [second.static.cost, second.tuned.cost]))
  // One bad second must not flatten all the others.
  const top = Math.min(highest, 4 * Math.max(1, median(shown.map((second) => second.static.cost)))) * 1.001
  const line = (of: 'static' | 'tuned') =>
    sparkline(
      shown.map((second) => second[of].cost),
      columns,
      top,
    ).padEnd(columns)
  const now = (of: 'static' | 'tuned') => cost(seconds.at(-1)?.[of].cost).padStart(6)
  return [
    `static ${paint.fixed(line('static'))} ${now('static')}`,
    `tuned  ${paint.tuned(line('tuned'))} ${now('tuned')}`,
  ]
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}

function phaseBars(live: Live, width: number, paint: Paint): string[] {
  const costs = live.phases.map((phase) => [live.costIn(phase, 'static'), live.costIn(phase, 'tuned')] as const)
  const most = Math.max(1, ...costs.flat().map((value) => value ?? 0))
  const room = Math.max(6, width - 15 - 6 - 7 - 1)
  return live.phases.flatMap(({ name }, i) => {
    const [fixed, tuned] = costs[i] as readonly [number | undefined, number | undefined]
    if (fixed === undefined || tuned === undefined) return [paint.dim(name)]
    const change = relative(fixed, tuned)
    const tone = tuned <= fixed ? paint.good : paint.bad
    return [
      `${name.padEnd(15)}${paint.fixed(bar(fixed / most, room))}${cost(fixed).padStart(6)}`,
      `${' '.repeat(15)}${paint.tuned(bar(tuned / most, room))}${cost(tuned).padStart(6)} ${tone(change.padStart(7))}`,
    ]
  })
}

/** The same in one line per phase: what tuning costs, as a share of what the static settings cost. */
function phaseLines(live: Live, width: number, paint: Paint): string[] {
  const room = Math.max(6, width - 15 - 8 - 8 - 9)
  return live.phases.map((phase) => {
    const [fixed, tuned] = [live.costIn(phase, 'static'), live.costIn(phase, 'tuned')]
    if (fixed === undefined || tuned === undefined) return paint.dim(phase.name)
    const tone = tuned <= fixed ? paint.good : paint.bad
    return (
      phase.name.padEnd(15) +
      paint.fixed(cost(fixed).padStart(7)) +
      paint.tuned(`${cost(tuned).padStart(8)} ${bar(tuned / fixed, room)}`) +
      tone(relative(fixed, tuned).padStart(8))
    )
  })
}

function knobs(live: Live, width: number, paint: Paint): string[] {
  const { min, max } = scenario.bounds.ttlMs
  const onLog = (ms: number) => Math.log(ms / min) / Math.log(max / min)
  const onLine = (ms: number) => (ms - LINGER_BOUNDS_MS.min) / (LINGER_BOUNDS_MS.max - LINGER_BOUNDS_MS.min)
  const { tuned } = live.status
  const line = (name: string, value: number, fixed: number, share: (ms: number) => number, ends: [number, number]) => {
    const room = Math.max(6, width - 15 - 8 - 8 - 9)
    const known = Number.isFinite(value)
    const track = [...slider(share(known ? value : fixed), room)]
    const anchor = Math.round(share(fixed) * (room - 1))
    if (track[anchor] === '─') track[anchor] = '│'
    const text = track.map((cell) => (cell === '●' ? paint.tuned(cell) : paint.dim(cell))).join('')
    return `${name.padEnd(15)}${paint.bold(duration(value).padStart(7))} ${paint.dim(duration(ends[0]).padStart(7))} ${text} ${paint.dim(duration(ends[1]))}`
  }
  return [
    line('cache TTL', tuned.ttlMs, scenario.static.ttlMs, onLog, [min, max]),
    line('batch linger', tuned.lingerMs, 0, onLine, [LINGER_BOUNDS_MS.min, LINGER_BOUNDS_MS.max]),
  ]
}

function recent(seconds: readonly LiveSecond[], paint: Paint): string[] {
  const last = seconds.slice(-RECENT)
  const mean = (of: 'static' | 'tuned', key: 'missRate' | 'staleRate' | 'errorRate' | 'p99Ms') =>
    last.reduce((sum, second) => sum + second[of][key], 0) / last.length
  const row = (of: 'static' | 'tuned') =>
    `${of.padEnd(7)}${percent(mean(of, 'missRate')).padStart(14)}${percent(mean(of, 'staleRate')).padStart(14)}${percent(mean(of, 'errorRate')).padStart(14)}${duration(mean(of, 'p99Ms')).padStart(14)}`
  return [
    paint.dim(
      `${'now'.padEnd(7)}${'misses'.padStart(14)}${'stale'.padStart(14)}${'errors'.padStart(14)}${'p99'.padStart(14)}`,
    ),
    paint.fixed(row('static')),
    paint.tuned(row('tuned')),
  ]
}

function lastChange(live: Live, paint: Paint): string[] {
  const last = groupChanges(live.changes).at(-1)
  if (!last) return [paint.dim('no change yet')]
  return [`${paint.dim('last change')}  ${clock(last.toMs)}  ${last.text}`]
}

function lag(seconds: readonly LiveSecond[], paint: Paint): string[] {
  const late = seconds.slice(-RECENT).filter(({ lagMs }) => lagMs > 50)
  if (late.length === 0) return []
  const most = Math.max(...late.map(({ lagMs }) => lagMs))
  return [paint.bad(`the loader itself is ${duration(most)} late: this machine is busy, latencies include that`)]
}
