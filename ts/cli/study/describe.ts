/**
 * A study in words.
 */
import type { StudyBound, StudyConfig } from '../../binding.js'
import { bytes, number, params, plural, value } from '../ui/format.js'
import type { Out } from '../ui/out.js'
import { pairs } from '../ui/table.js'
import { clean } from '../ui/terminal.js'
import type { Explanation } from './budget.js'
import type { Trial } from './trials.js'

export function describeBest(best: Trial, trials: number, { style }: Out): string[] {
  const head = `${style.bold('best')}  ${style.green(number(best.value ?? Number.NaN))}  ${style.dim(`trial ${best.trial} of ${trials}`)}`
  // All digits: this is what people copy.
  return [
    head,
    ...pairs(
      Object.entries(best.params).map(([name, v]) => [name, String(v)]),
      style.dim,
    ),
  ]
}

export function describeBound({ kind = 'number', scale = 'linear', min, max, choices }: StudyBound): string {
  if (kind === 'boolean') return 'boolean'
  if (kind === 'choice') return `one of ${(choices ?? []).map(String).join(', ')}`
  const unit = kind === 'duration' ? ' ms' : kind === 'bytes' ? ' B' : ''
  const words = [kind, ...(scale === 'linear' ? [] : [scale])].join(', ')
  return `${value(min)} to ${value(max)}${unit}  (${words})`
}

/** How the trials ended, in one sentence. */
export function describeCounts({ trials }: Explanation): string {
  const parts = [
    [trials.complete, 'complete'],
    [trials.infeasible, 'of them infeasible'],
    [trials.not_finite, 'of them without a finite value'],
    [trials.failed, 'failed'],
    [trials.pruned, 'pruned'],
    [trials.open, 'open'],
    [trials.added, 'added from elsewhere'],
  ] as const
  const said = parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`)
  return said.length === 0 ? 'no trials yet' : `${plural(trials.total, 'trial')}: ${said.join(', ')}`
}

export function describeConfig(config: StudyConfig): [string, string][] {
  return [
    ...Object.entries(config.bounds).map(([name, bound]): [string, string] => [clean(name), describeBound(bound)]),
    ['strategy', `${config.strategy ?? 'auto'}, seed ${config.seed ?? 0}`],
    ['budget', config.budget === undefined ? 'none' : plural(config.budget, 'trial')],
  ]
}

/** The few that matter most, as shares of the whole. */
export function describeImportance(importance: Readonly<Record<string, number>>, { style }: Out): string[] {
  const sorted = Object.entries(importance)
    .filter(([, share]) => share > 0)
    .sort(([, a], [, b]) => b - a)
  const most = sorted[0]?.[1] ?? 1
  const total = sorted.reduce((sum, [, share]) => sum + share, 0)
  const bar = (share: number): string => '█'.repeat(Math.max(1, Math.round((12 * share) / most)))
  return pairs(
    sorted
      .slice(0, 20)
      .map(([name, share]) => [clean(name), `${style.cyan(bar(share))} ${Math.round((100 * share) / total)} %`]),
    style.dim,
  )
}

export const describeTrial = (trial: Trial): string =>
  trial.value === undefined ? clean(trial.reason ?? trial.state) : `${number(trial.value)}  ${params(trial.params)}`

export const describeSize = (size: number): string => bytes(size)
