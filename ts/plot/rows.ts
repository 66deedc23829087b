/** The trials that a page carries for its table and for what hovering shows; bounded, and it says what it left out. */
import type { Knob } from './knob.js'
import type { Outcome, Point, Study } from './study.js'
import { count, printable } from './text.js'

/** Cells of all rows together. */
const CELLS_MAX = 60_000
const ROWS_MAX = 10_000
const REASONS_MAX = 200
const REASON_LENGTH_MAX = 160
/** In the order of their codes in a row. */
export const OUTCOMES: readonly Outcome[] = ['complete', 'infeasible', 'pruned', 'failed', 'open']

export interface Rows {
  /** From the best value to the worst, then those without a value in their order. */
  readonly points: readonly Point[]
  /** Which trials are left out; empty where none. */
  readonly note: string
}

/** `drawn` are the trials that a picture marks: hovering needs them. */
export function rowsOf(study: Study, drawn: ReadonlySet<number>): Rows {
  const { points, better, knobs } = study
  const rank = ({ value }: Point) => (value === undefined ? 1 : 0)
  const feasible = ({ outcome }: Point) => (outcome === 'complete' ? 0 : 1)
  const sorted = [...points].sort((a, b) => {
    const apart = rank(a) - rank(b) || feasible(a) - feasible(b)
    if (apart !== 0 || a.value === undefined || b.value === undefined) return apart || a.index - b.index
    return better(a.value, b.value) ? -1 : better(b.value, a.value) ? 1 : a.index - b.index
  })
  const most = Math.min(ROWS_MAX, Math.floor(CELLS_MAX / (knobs.length + 4)))
  if (sorted.length <= most) return { points: sorted, note: '' }
  let left = most - drawn.size
  const kept = sorted.filter(({ index }) => drawn.has(index) || left-- > 0)
  const note = `${count(kept.length)} of ${count(sorted.length)} trials: all that the pictures mark, and the best of the others.`
  return { points: kept, note }
}

/** Places of the trials that markup marks, as {@link dots} and its like wrote them. */
export function drawnIn(markup: readonly string[]): Set<number> {
  const drawn = new Set<number>()
  for (const part of markup) {
    for (const [, list] of part.matchAll(/ data-t="([^"]*)"/g)) {
      let at = 0
      for (const step of (list as string).split(' ')) {
        at += Number(step)
        drawn.add(at)
      }
    }
  }
  return drawn
}

/** What the page's script reads: every row is [place, trial, outcome, value, margin, added, reason, ...values]. */
export function pageData(study: Study, rows: Rows): object {
  const reasons: string[] = []
  const places = new Map<string, number>()
  const reasonOf = ({ trial }: Point): number => {
    const text = trial.reason === undefined ? '' : printable(String(trial.reason)).slice(0, REASON_LENGTH_MAX)
    const known = places.get(text)
    if (text === '' || (known === undefined && reasons.length >= REASONS_MAX)) return -1
    if (known !== undefined) return known
    places.set(text, reasons.length)
    return reasons.push(text) - 1
  }
  return {
    direction: study.direction,
    outcomes: OUTCOMES,
    best: study.best?.point.index ?? -1,
    knobs: study.knobs.map(({ name, unit, choices }) => ({ name: printable(name), unit: printable(unit), choices })),
    rows: rows.points.map((point) => [
      point.index,
      point.trial.trial,
      OUTCOMES.indexOf(point.outcome),
      short(point.value),
      short(point.trial.margin),
      point.trial.added === true ? 1 : 0,
      reasonOf(point),
      ...study.knobs.map((knob) => cell(knob, point)),
    ]),
    reasons,
  }
}

/** An option's place, a number, or the text of what is neither. */
function cell(knob: Knob, { trial }: Point): number | string | null {
  const value = knob.valueOf(trial)
  if (knob.choices) return knob.optionOf(value) ?? (value === undefined || value === null ? null : knob.words(value))
  return typeof value === 'number' ? short(value) : value === undefined || value === null ? null : knob.words(value)
}

/** Six digits are enough for a table; whole numbers stay whole. */
function short(value: number | undefined): number | null {
  if (value === undefined || !Number.isFinite(value)) return null
  return Number.isSafeInteger(value) ? value : Number(value.toPrecision(6))
}
