/** The page's words: figures at a glance, the best trial's values, why trials failed. */
import { tally } from './frame.js'
import type { Knob } from './knob.js'
import type { Study } from './study.js'
import { count, escaped, number, plural, printable } from './text.js'

const FAILURES_MAX = 8
const REASON_LENGTH_MAX = 160

export function figures(study: Study): string {
  const { best, points, counts, improvements } = study
  const card = (name: string, value: string, note: string, className = '') =>
    `<div><h2>${name}</h2><p class="number ${className}">${value}</p><p class="unit">${note}</p></div>`
  if (!best) {
    return (
      card('Best value', '–', 'no trial is complete and within its constraints yet') +
      card('Trials', count(points.length), escaped(tally(study)))
    )
  }
  const first = improvements[0]
  const last = improvements.at(-1)
  const seen = best.point.value
  const honest = seen !== undefined && seen !== best.value ? `its own trial saw ${number(seen)}` : ''
  const from = first && first !== last ? `the first complete trial had ${number(first.value)}` : ''
  return (
    card('Best value', number(best.value), honest || from || 'of the study', 'best') +
    card('Found in trial', number(best.point.trial.trial, 15), placeOf(study)) +
    card('Trials', count(points.length), escaped(counts.complete === points.length ? 'all complete' : tally(study)))
  )
}

function placeOf({ best, points }: Study): string {
  const after = points.length - 1 - (best?.point.index ?? 0)
  return after === 0 ? 'the last one' : `${plural(after, 'trial')} since`
}

/** The best trial's knobs, and the same as JSON to be copied. */
export function incumbent({ best, knobs }: Study): string {
  if (!best || knobs.length === 0) return ''
  const { trial } = best.point
  const rows = knobs.map((knob) => {
    const value = knob.valueOf(trial)
    return `<tr><th scope="row">${escaped(knob.name)}</th><td class="ink">${escaped(knob.words(value))}</td><td>${escaped(rangeOf(knob))}</td></tr>`
  })
  const json = JSON.stringify(
    Object.fromEntries(knobs.map((knob) => [knob.name, plain(knob.valueOf(trial))])),
    undefined,
    2,
  )
  return `<section id="best" aria-labelledby="best-heading"><h2 id="best-heading">Best configuration</h2>
<div class="scroll" tabindex="0" role="region" aria-label="Best configuration"><table><thead><tr><th scope="col">knob</th><th scope="col">value</th><th scope="col">range</th></tr></thead><tbody>${rows.join('')}</tbody></table></div>
<details><summary>as JSON</summary><pre tabindex="0">${escaped(json)}</pre></details></section>`
}

function plain(value: unknown): unknown {
  return typeof value === 'number' || typeof value === 'boolean'
    ? value
    : value === undefined
      ? null
      : printable(String(value))
}

function rangeOf(knob: Knob): string {
  if (knob.kind === 'boolean') return 'true or false'
  if (knob.choices) return plural(knob.choices.length, 'option')
  const { low, high, log } = knob.scale as NonNullable<Knob['scale']>
  const unit = knob.unit !== '' && knob.kind !== 'duration' && knob.kind !== 'bytes' ? ` ${knob.unit}` : ''
  return `${knob.words(low)} to ${knob.words(high)}${unit}${log ? ', log' : ''}${knob.periodic ? ', periodic' : ''}`
}

/** The commonest reasons. */
export function failures({ points, counts }: Study): string {
  if (counts.failed === 0) return ''
  const reasons = new Map<string, number>()
  for (const { outcome, trial } of points) {
    if (outcome !== 'failed') continue
    const fallback = trial.state === 'complete' ? 'its value is not a finite number' : 'no reason given'
    const reason = trial.reason === undefined || trial.reason === '' ? fallback : String(trial.reason)
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
  }
  const ranked = [...reasons].sort((a, b) => b[1] - a[1])
  const items = ranked
    .slice(0, FAILURES_MAX)
    .map(([reason, times]) => `<li><b>${count(times)} ×</b> ${escaped(cut(reason))}</li>`)
  if (ranked.length > FAILURES_MAX) items.push(`<li>and ${plural(ranked.length - FAILURES_MAX, 'other reason')}</li>`)
  return `<section id="failures" aria-labelledby="failures-heading"><h2 id="failures-heading">Why trials failed</h2><ul>${items.join('')}</ul></section>`
}

const cut = (reason: string): string =>
  reason.length > REASON_LENGTH_MAX ? `${reason.slice(0, REASON_LENGTH_MAX)}…` : reason
