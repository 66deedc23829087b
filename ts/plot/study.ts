/** A study made ready to draw: checked knobs, trials in order and sorted by what became of them, the best one, the running best. */
import { invalid } from '../errors.js'
import type { PlotDirection, StudyData, StudyTrial } from './data.js'
import { type Knob, knobOf } from './knob.js'

/** `infeasible`: complete, but a constraint is broken. A complete trial without a finite value counts as failed. */
export type Outcome = 'complete' | 'infeasible' | 'pruned' | 'failed' | 'open'
const STATES = ['complete', 'failed', 'pruned', 'open']

export interface Point {
  /** Place in the order of trials, from 0. */
  readonly index: number
  readonly trial: StudyTrial
  readonly outcome: Outcome
  /** Finite; always there for `complete` and `infeasible`, maybe for `pruned`. */
  readonly value: number | undefined
}
export type Valued = Point & { readonly value: number }

export interface Study {
  readonly direction: PlotDirection
  /** The most important first where importance is known, else as declared. */
  readonly knobs: readonly Knob[]
  readonly points: readonly Point[]
  /** Complete ones, feasible or not. */
  readonly complete: readonly Valued[]
  readonly counts: Readonly<Record<Outcome, number>>
  /** The incumbent; `value` is its honest value, which may be less lucky than what its trial saw. */
  readonly best: { readonly point: Point; readonly value: number } | undefined
  /** Feasible trials better than all before them. */
  readonly improvements: readonly Valued[]
  /** Descending; empty where not known. */
  readonly importance: readonly { readonly name: string; readonly value: number }[]
  /** Whether the first value is better than the second. */
  better(a: number, b: number): boolean
}

export function prepare(data: StudyData, direction: PlotDirection = data.direction): Study {
  check(data, direction)
  const better = direction === 'maximize' ? (a: number, b: number) => a > b : (a: number, b: number) => a < b
  const ordered = [...data.trials].sort((a, b) => order(a.trial) - order(b.trial))
  const points = ordered.map((trial, index): Point => {
    const value = finite(trial.value)
    return { index, trial, outcome: outcomeOf(trial, value), value }
  })
  const complete = points.filter(
    (point): point is Valued =>
      point.value !== undefined && (point.outcome === 'complete' || point.outcome === 'infeasible'),
  )
  const improvements: Valued[] = []
  for (const point of complete) {
    const last = improvements.at(-1)
    if (point.outcome === 'complete' && (!last || better(point.value, last.value))) improvements.push(point)
  }
  const counts = { complete: 0, infeasible: 0, pruned: 0, failed: 0, open: 0 }
  for (const { outcome } of points) counts[outcome]++
  const importance = importanceOf(data)
  const rank = new Map(importance.map(({ name }, i) => [name, i]))
  const place = (knob: Knob) => rank.get(knob.name) ?? importance.length
  const knobs = data.knobs.map(knobOf).sort((a, b) => place(a) - place(b))
  return {
    direction,
    knobs,
    points,
    complete,
    counts,
    best: bestOf(data, points, improvements.at(-1)),
    improvements,
    importance,
    better,
  }
}

const finite = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined

/** Trials without a usable number come last, in the order given. */
const order = (trial: number): number => finite(trial) ?? Number.MAX_VALUE

function outcomeOf(trial: StudyTrial, value: number | undefined): Outcome {
  if (trial.state !== 'complete') return trial.state
  if (value === undefined) return 'failed'
  return trial.margin !== undefined && trial.margin < 0 ? 'infeasible' : 'complete'
}

function bestOf(data: StudyData, points: readonly Point[], luckiest: Valued | undefined): Study['best'] {
  const value = finite(data.best?.value)
  const point = points.find(({ trial }) => trial.trial === data.best?.trial)
  if (point && value !== undefined) return { point, value }
  return luckiest && { point: luckiest, value: luckiest.value }
}

function importanceOf({ knobs, importance }: StudyData): { name: string; value: number }[] {
  if (!importance) return []
  return knobs
    .filter(({ name }) => Object.hasOwn(importance, name) && finite(importance[name]) !== undefined)
    .map(({ name }) => ({ name, value: Math.max(0, importance[name] as number) }))
    .sort((a, b) => b.value - a.value)
}

function check(data: StudyData, direction: PlotDirection): void {
  if (direction !== 'minimize' && direction !== 'maximize') {
    throw invalid('direction', "'minimize' or 'maximize'", direction)
  }
  if (!Array.isArray(data.knobs)) throw invalid('knobs', 'an array', data.knobs)
  if (!Array.isArray(data.trials)) throw invalid('trials', 'an array', data.trials)
  data.trials.forEach((trial, i) => {
    if (!STATES.includes(trial.state)) throw invalid(`trials[${i}].state`, `one of ${STATES.join(', ')}`, trial.state)
    if (typeof trial.params !== 'object' || trial.params === null) {
      throw invalid(`trials[${i}].params`, 'an object', trial.params)
    }
  })
}
