import type { Report } from '../report.js'
import { clock, cost, duration, percent, relative, thousands } from './format.js'
import { groupChanges } from './group.js'
import type { Paint } from './paint.js'

/** Groups of changes printed; the report and the journal have every single one. */
const MOST_GROUPS = 16

/** The result as a person reads it: the table, what was changed and why, and where the journal lies. */
export function summary(report: Report, paint: Paint): string[] {
  return [
    '',
    ...table(report, paint),
    '',
    ...phases(report, paint),
    '',
    ...changes(report, paint),
    '',
    ...foot(report, paint),
  ].map((line) => (line === '' ? line : ` ${line}`))
}

function table({ static: fixed, tuned, staticVsStatic, seconds, seed, swapped }: Report, paint: Paint): string[] {
  const head = ['', 'static', staticVsStatic ? 'static again' : 'tuned', 'change']
  const rows: [string, string, string, string][] = [
    ['cost (mean of the seconds)', cost(fixed.cost), cost(tuned.cost), relative(fixed.cost, tuned.cost)],
    ['latency p50', latency(fixed.p50Ms), latency(tuned.p50Ms), relative(fixed.p50Ms, tuned.p50Ms)],
    ['latency p99', latency(fixed.p99Ms), latency(tuned.p99Ms), relative(fixed.p99Ms, tuned.p99Ms)],
    ['errors', percent(fixed.errorRate, 2), percent(tuned.errorRate, 2), relative(fixed.errorRate, tuned.errorRate)],
    ['stale answers', percent(fixed.staleRate), percent(tuned.staleRate), relative(fixed.staleRate, tuned.staleRate)],
    ['cache misses', percent(fixed.missRate), percent(tuned.missRate), relative(fixed.missRate, tuned.missRate)],
    [
      'database queries',
      thousands(fixed.databaseQueries),
      thousands(tuned.databaseQueries),
      relative(fixed.databaseQueries, tuned.databaseQueries),
    ],
  ]
  const line = (cells: readonly string[]) =>
    `${(cells[0] as string).padEnd(28)}${(cells[1] as string).padStart(14)}${(cells[2] as string).padStart(14)}${(cells[3] as string).padStart(12)}`
  const places = swapped ? ', places swapped' : ''
  return [
    paint.bold(`Result of ${seconds} s, seed ${seed}${places}`),
    paint.dim(line(head)),
    ...rows.map((row, i) => (i === 0 ? paint.bold(line(row)) : line(row))),
  ]
}

function latency(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)} ms` : duration(ms)
}

function phases(report: Report, paint: Paint): string[] {
  return [
    paint.bold('Cost by phase'),
    ...report.phases.map(({ name, seconds, static: fixed, tuned }) => {
      const change = relative(fixed, tuned).padStart(12)
      const length = `${name} (${seconds.toFixed(0)} s)`
      return `${length.padEnd(28)}${cost(fixed).padStart(14)}${cost(tuned).padStart(14)}${tuned <= fixed ? paint.good(change) : paint.bad(change)}`
    }),
    paint.dim(`seconds in which tuned cost over 10 % more than static: ${percent(report.worseWindows)}`),
  ]
}

function changes({ changes: all, explanation, staticVsStatic }: Report, paint: Paint): string[] {
  if (staticVsStatic) return [paint.dim('Both instances kept their static settings: the difference is noise.')]
  const groups = groupChanges(all)
  if (groups.length === 0) return [paint.bold('Nothing was changed'), ...explanation]
  const most = [...groups].sort((a, b) => b.count - a.count).slice(0, MOST_GROUPS)
  const shown = groups.filter((group) => most.includes(group))
  const left = groups.length - shown.length
  return [
    paint.bold(`What was changed, and why`) + paint.dim(`  (${all.length} changes)`),
    ...shown.flatMap(({ fromMs, text, why }) => [
      `${paint.dim(clock(fromMs).padStart(5))}  ${text}`,
      ...(why === '' ? [] : [paint.dim(`       ${why}`)]),
    ]),
    ...(left > 0 ? [paint.dim(`       and ${left} smaller ones: all are in the journal`)] : []),
    ...explanation,
  ]
}

function foot({ breaches, journal, loader, staticVsStatic }: Report, paint: Paint): string[] {
  const late = loader.lagP99Ms > 20
  return [
    ...(staticVsStatic
      ? []
      : [`Guardrail breaches: ${breaches === 0 ? paint.good('0') : paint.bad(String(breaches))}`]),
    ...(journal ? [`Journal: ${journal}`] : []),
    ...(late
      ? [
          paint.bad(
            `The loader itself was late (p99 ${duration(loader.lagP99Ms)}, at most ${duration(loader.lagMaxMs)}): the machine was busy, and latencies include that.`,
          ),
        ]
      : []),
  ]
}
