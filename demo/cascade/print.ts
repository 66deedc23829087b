import { clock, duration, percent } from '../view/format.js'
import type { Half } from './half.js'
import type { LogLine } from './messages.js'
import { type HalfReport, SERVED_ENOUGH, type Share } from './tally.js'
import { LOAD } from './topology.js'

/** What is asked of the demonstration: the share of requests served that do not need the broken part, while it is broken. */
export const PROMISE = { guardedAtLeast: SERVED_ENOUGH, bareBelow: 0.5 } as const

/** What the calm before the fault looks like where the processes get the processor when they want it. */
export const CALM = { served: 0.995, p99Ms: 150 } as const

export const TIMELINE_HEAD = '  time   served                  not needing the database    p99'

const BAR = 16

export function secondLine(second: number, share: Share): string {
  const bar = '█'.repeat(Math.round(share.served * BAR)).padEnd(BAR, '·')
  const [served, others] = [percent(share.served, 0), percent(share.servedOthers, 0)]
  return `  ${clock(second * 1000)}  ${bar} ${served.padStart(5)}  ${others.padStart(20)}  ${duration(share.p99Ms).padStart(10)}`
}

export function logLine({ atMs, text }: LogLine): string {
  return `  ${(Math.max(0, atMs) / 1000).toFixed(2).padStart(5)} s  ${text}`
}

/** Why requests were not served, the three most frequent reasons. */
export function reasonsLine({ reasons }: HalfReport): string {
  const top = Object.entries(reasons).slice(0, 3)
  return top.length === 0 ? '' : `  Not served: ${top.map(([why, count]) => `${why} (${count})`).join(', ')}`
}

export function comparison(bare: HalfReport, guarded: HalfReport): string {
  const row = (name: string, of: (report: HalfReport) => string) =>
    `  ${name.padEnd(52)}${of(bare).padStart(12)}${of(guarded).padStart(12)}`
  return [
    `  ${''.padEnd(52)}${'without'.padStart(12)}${'with'.padStart(12)}`,
    row('while it hangs: requests served', ({ broken }) => percent(broken.served)),
    row('  of those that do not need the database', ({ broken }) => percent(broken.servedOthers)),
    row(`  p99 of all (who waits longer than ${LOAD.patienceMs / 1000} s leaves)`, ({ broken }) =>
      duration(broken.p99Ms),
    ),
    row('time to recover after the repair, all', ({ recoveryMs }) => recovered(recoveryMs)),
    row('  those that do not need the database', ({ recoveryOthersMs }) => recovered(recoveryOthersMs)),
    row('before it hung: requests served', ({ calm }) => percent(calm.served)),
    row('  p99', ({ calm }) => duration(calm.p99Ms)),
  ].join('\n')
}

function recovered(ms: number | null): string {
  return ms === null ? 'not seen' : ms === 0 ? 'at once' : duration(ms)
}

export function kept(bare: HalfReport, guarded: HalfReport): boolean {
  return guarded.broken.servedOthers >= PROMISE.guardedAtLeast && bare.broken.servedOthers < PROMISE.bareBelow
}

/** Where not even the calm before it was calm, the machine had other things to do, and the figures are of that. */
export function busyLine(bare: HalfReport, guarded: HalfReport): string {
  const calm = [bare.calm, guarded.calm]
  const served = Math.min(...calm.map(({ served }) => served))
  const p99Ms = Math.max(...calm.map(({ p99Ms }) => p99Ms))
  if (served >= CALM.served && p99Ms <= CALM.p99Ms) return ''
  return `This machine is busy: before anything hung, ${percent(served)} were served with a p99 of ${duration(p99Ms)}. Try again when it is not.`
}

export function witnessText(half: Half): string {
  if (half.witnesses.length === 0) return '  The reflex saw no cascade.'
  return half.witnesses.map(wrapped).join('\n\n')
}

const COLUMNS = 100

/** A paragraph, indented by two. */
function wrapped(text: string): string {
  const lines = ['']
  for (const word of text.split(/\s+/)) {
    const line = lines.at(-1) ?? ''
    if (line.length + word.length >= COLUMNS) lines.push(word)
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`
  }
  return lines.map((line) => `  ${line}`).join('\n')
}
