/** The trials as a table: its first page stands in the markup, the page's script sorts, filters and turns pages. */
import { OUTCOMES, type Rows } from './rows.js'
import type { Point, Study } from './study.js'
import { escaped, number } from './text.js'

/** Rows of one page; the script has the same from the markup. */
const PAGE_ROWS = 25

export function table(study: Study, rows: Rows): string {
  const { knobs, counts, points } = study
  if (points.length === 0) return ''
  const margin = points.some(({ trial }) => Number.isFinite(trial.margin))
  const reason = points.some(({ trial }) => trial.reason !== undefined && trial.reason !== '')
  // The number behind each heading is the column's place in a row of the page's data.
  const columns: [name: string, place: number][] = [
    ['trial', 1],
    ['value', 3],
    ['outcome', 2],
    ...(margin ? [['margin', 4] as [string, number]] : []),
    ...knobs.map(({ name, unit }, i): [string, number] => [unit === '' ? name : `${name} (${unit})`, 7 + i]),
    ...(reason ? [['reason', 6] as [string, number]] : []),
  ]
  const heads = columns.map(
    ([name, place]) =>
      `<th scope="col"${place === 3 ? ` aria-sort="${study.direction === 'minimize' ? 'ascending' : 'descending'}"` : ''}><button type="button" data-c="${place}">${escaped(name)}</button></th>`,
  )
  const first = rows.points.slice(0, PAGE_ROWS).map((point) => rowOf(study, point, margin, reason))
  const outcomes = OUTCOMES.filter((outcome) => counts[outcome] > 0)
  const filter =
    outcomes.length > 1
      ? `<label>show <select id="outcome"><option value="">all</option>${outcomes.map((outcome) => `<option>${outcome}</option>`).join('')}</select></label>`
      : ''
  return `<section id="trials" aria-labelledby="trials-heading"><h2 id="trials-heading">Trials</h2>
${rows.note === '' ? '' : `<p class="help">${escaped(rows.note)}</p>`}
<div class="tools" hidden>${filter}<span id="shown" role="status"></span><span class="pager"><button type="button" id="before" aria-label="Previous page">←</button> <span id="pages"></span> <button type="button" id="after" aria-label="Next page">→</button></span></div>
<noscript><p class="help">The first ${Math.min(PAGE_ROWS, rows.points.length)} rows; sorting and further pages need scripts.</p></noscript>
<div class="scroll" tabindex="0" role="region" aria-label="Trials, may be scrolled"><table data-rows="${PAGE_ROWS}"><thead><tr>${heads.join('')}</tr></thead><tbody>${first.join('')}</tbody></table></div></section>`
}

function rowOf({ knobs }: Study, { index, trial, outcome, value }: Point, margin: boolean, reason: boolean): string {
  const cells = [
    number(trial.trial, 15),
    value === undefined ? '–' : number(value),
    outcome + (trial.added === true ? ', added' : ''),
    ...(margin ? [trial.margin === undefined ? '–' : number(trial.margin)] : []),
    ...knobs.map((knob) => {
      const own = knob.valueOf(trial)
      return typeof own === 'number' && !knob.choices ? number(own) : knob.words(own)
    }),
    ...(reason ? [trial.reason === undefined ? '' : String(trial.reason).slice(0, 160)] : []),
  ]
  return `<tr data-i="${index}">${cells.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`
}
