/** Breakers, cascades and queues. */
import { clock, micros, number, percent } from '../../../dashboard/format.js'
import type { ComponentState, QueueState, WitnessState } from '../../../server/api/state.js'
import { plural } from '../../ui/format.js'
import type { Paint } from '../../ui/terminal.js'
import { fitted, joined, type Paints, row, wrapped } from './text.js'
import { type View, windowOf } from './view.js'

const TIERS = ['emergency', 'strategic', 'normal', 'experimental', 'background'] as const

const healthPaint = (paint: Paints, health: string): Paint =>
  health === 'healthy' ? paint.green : health === 'recovering' ? paint.yellow : paint.red

/** Breakers in a line: how many stand open, and which. */
export function breakerStrip({ seen, columns, paint }: View): string[] {
  const reflex = seen.state?.reflex
  if (reflex == null) return []
  const { components, openBreakers, componentStates, cascades, shedFromTier } = reflex
  const ill = componentStates
    .filter(({ health }) => health !== 'healthy')
    .map(({ component, health }) => `${component} ${health}`)
  const parts = [
    `${paint.bold('breakers')} ${openBreakers > 0 ? paint.red(`${openBreakers} open`) : paint.green('none open')} of ${number(components)}`,
    ill.length === 0 ? '' : paint.red(ill.join(', ')),
    shedFromTier < 5 ? paint.yellow(`shedding from tier ${TIERS[shedFromTier]}`) : '',
    cascades > 0 ? paint.yellow(plural(cascades, 'cascade')) : '',
  ]
  return [fitted(joined(parts, columns), columns)]
}

export function breakerLines(view: View, room: number): string[] {
  const { seen, columns, paint, cursor, open } = view
  const all = seen.state?.reflex?.componentStates ?? []
  if (all.length === 0) return [fitted(paint.dim('No component was seen yet.'), columns)]
  const narrow = columns < 60
  const cells = narrow ? [columns - 31, 10, 9, 8] : [Math.min(28, columns - 56), 11, 11, 8, 8, 10]
  const titles = ['component', 'breaker', 'health', 'errors', 'p99', 'refused']
  const head = row(
    titles
      .slice(0, cells.length)
      .map((text, i) => ({ text: paint.dim(text), cells: cells[i] as number, right: i > 2 })),
  )
  const detail = open && all[cursor] !== undefined ? componentFacts(all[cursor], columns, paint) : []
  const { from, to } = windowOf(all.length, room - 1 - detail.length, cursor)
  const lines = all.slice(from, to).flatMap((one, i) => {
    const { component, breaker, health, recentErrorRate, p99Us } = one
    const chosen = from + i === cursor
    const texts = [
      `${chosen ? paint.bold('▸') : ' '} ${component}`,
      breaker.state === 'closed' ? breaker.state : paint.red(breaker.state),
      healthPaint(paint, health)(health),
      percent(recentErrorRate),
      micros(p99Us),
      number(breaker.refused),
    ]
    const line = row(cells.map((size, at) => ({ text: texts[at] as string, cells: size, right: at > 2 })))
    return [line, ...(chosen ? detail : [])]
  })
  return [head, ...lines]
}

function componentFacts(
  { calls, errors, recentCalls, limit, queueDepth, lastError, breaker }: ComponentState,
  columns: number,
  paint: Paints,
): string[] {
  const { inFlight, opened, expired, retryAfterUs, slowRate } = breaker
  const facts: readonly (readonly [string, string])[] = [
    ['calls', `${number(calls)}, ${number(errors)} failed, ${number(recentCalls)} recently`],
    [
      'in flight',
      `${number(inFlight)}${limit === undefined ? '' : ` of ${number(limit)}`}, ${number(queueDepth)} waiting`,
    ],
    ['breaker', `opened ${number(opened)} times, ${percent(slowRate)} slow, ${number(expired)} late answers`],
    [
      'next try',
      retryAfterUs === null ? 'when an operator says so' : retryAfterUs > 0 ? `in ${micros(retryAfterUs)}` : '',
    ],
    ['last error', lastError ?? ''],
  ]
  return facts
    .filter(([, text]) => text !== '')
    .map(([name, text]) => fitted(`    ${paint.dim(name)}  ${text}`, columns))
}

/** Witnesses of cascades, the latest first. */
export function cascadeLines(view: View, room: number): string[] {
  const { seen, columns, paint, cursor, open } = view
  const { witnesses } = seen
  const detail = open && witnesses[cursor] !== undefined ? course(witnesses[cursor], columns, paint) : []
  const { from, to } = windowOf(witnesses.length, room - detail.length, cursor)
  return witnesses.slice(from, to).flatMap((one, i) => {
    const chosen = from + i === cursor
    const lasted = one.recoveredAtMs === null ? paint.red('lasts') : paint.green(`until ${clock(one.recoveredAtMs)}`)
    const text = `${chosen ? paint.bold('▸') : ' '} ${paint.dim(clock(one.atMs))} ${lasted} ${paint.bold(one.rootCause)} · ${one.affectedCount} of ${one.components} affected`
    return [fitted(text, columns), ...(chosen ? detail : [])]
  })
}

function course({ chain, opened, words }: WitnessState, columns: number, paint: Paints): string[] {
  const way = [...chain].reverse().map(({ component, atMs }) => `${clock(atMs)} ${component}`)
  return [
    ...wrapped(words, Math.max(10, columns - 4)).map((line) => fitted(`    ${line}`, columns)),
    ...way.map((line) => fitted(`    ${paint.dim(line)}`, columns)),
    ...(opened.length === 0 ? [] : [fitted(`    ${paint.dim('opened')}  ${opened.join(', ')}`, columns)]),
  ]
}

/** Queues in a line. */
export function queueStrip({ seen, columns, paint }: View): string[] {
  const queues = seen.state?.queues ?? []
  if (queues.length === 0) return []
  const parts = queues.map(({ name, waiting, byTier }) => {
    const tiers = byTier === undefined ? '' : paint.dim(` ${byTier.join('/')}`)
    return `${name} ${waiting > 0 ? paint.yellow(number(waiting)) : number(waiting)} waiting${tiers}`
  })
  return [fitted(joined([paint.bold('queues'), ...parts], columns), columns)]
}

export function queueLines({ seen, columns, paint }: View): string[] {
  return (seen.state?.queues ?? []).flatMap((queue) => queueBlock(queue, columns, paint))
}

function queueBlock(
  { name, waiting, byTier, running, refused, dropped, capacity }: QueueState,
  columns: number,
  paint: Paints,
): string[] {
  const facts = [
    running === undefined ? '' : `${number(running)} running`,
    refused === undefined ? '' : `${number(refused)} refused`,
    dropped === undefined ? '' : `${number(dropped)} dropped`,
    `upstream should send ${percent(capacity)} of the usual`,
  ]
  const head = joined([`${paint.bold(name)}  ${number(waiting)} waiting`, ...facts.map(paint.dim)], columns)
  const most = Math.max(8, ...(byTier ?? []))
  const barCells = Math.max(4, Math.min(40, columns - 26))
  const tiers = (byTier ?? []).map((count, tier) => {
    const full = count === 0 ? 0 : Math.max(1, Math.round((count / most) * barCells))
    const bar = `${paint.cyan('█'.repeat(full))}${paint.dim('░'.repeat(barCells - full))}`
    return row([
      { text: `  ${TIERS[tier]}`, cells: 14 },
      { text: bar, cells: barCells },
      { text: number(count), cells: Math.min(8, columns - 16 - barCells), right: true },
    ])
  })
  return [fitted(head, columns), ...tiers, '']
}
