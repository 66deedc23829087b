/**
 * Goes on where the run before stood, as its store tells.
 *
 * What an operator held is held again before anything else happens: frozen knobs, a stricter mode, the kill switch, SafeMode by hand.
 *
 * Values are only a candidate: conditions may have changed while nothing ran. From the initial ones the knobs go to what was certified
 * last in ordinary steps, each proposed as an operator's move is, within every guardrail and journaled, with eight windows to watch it;
 * a regression rolls it back like any other. Where the learner or a rollback leads away from the candidate, or steps keep being
 * refused, it is given up. The initial values stay the anchor, and where `off` goes.
 */
import type { Engine } from '../binding.js'
import type { ResolvedKnob } from '../schema/resolve-knob.js'
import type { TunerState } from '../storage/contract.js'
import type { CoreState } from './core-state.js'
import { ofUnit, unitOf } from './scale.js'

/** Windows that a step is watched for, as the watch on regressions has it. */
const WATCHED_WINDOWS = 8
/** A refused step waits this long: many refusals in a minute are a reason for SafeMode. */
const REFUSED_US = 15e6
const REFUSALS_MAX = 6
/** The candidate is given up after this time. */
const LASTS_US = 900e6
/** As far apart two places may be, in shares of the range, and be the same. */
const SAME = 0.02
/** Steps stay a little below the limit, for rounding. */
const SHARE = 0.98
const MODES = ['observe', 'recommend', 'auto'] as const

/** What of a stored state can be meant for these knobs: those that are still there, with values that they can have. */
export function candidateOf(state: TunerState, knobs: readonly ResolvedKnob[]): Float64Array | undefined {
  const values = knobs.map(({ name, config }) => {
    const value = state.certified?.[name]
    return typeof value === 'number' && value >= config.min && value <= config.max ? value : Number.NaN
  })
  return values.some(Number.isFinite) ? Float64Array.from(values) : undefined
}

/** What is asked of a tuner to hold it. */
interface Holdable {
  readonly mode: string
  control(word: 'freeze' | 'off'): unknown
  setMode(mode: (typeof MODES)[number]): unknown
  freeze(knob: string): unknown
  enterSafeMode(): void
}

/** Holds what was held. */
export function holdAgain(state: TunerState, tuner: Holdable, knobs: readonly ResolvedKnob[]): void {
  const { said, frozen = [], safeMode } = state
  if (said?.control === 'off' || said?.control === 'freeze') tuner.control(said.control)
  const mode = MODES.find((one) => one === said?.mode)
  if (mode !== undefined && MODES.indexOf(mode) < (MODES as readonly string[]).indexOf(tuner.mode)) tuner.setMode(mode)
  for (const { name } of knobs) if (frozen.includes(name)) tuner.freeze(name)
  if (safeMode === 'by-hand') tuner.enterSafeMode()
}

/** Of the guardrails. */
interface Limits {
  readonly stepMost: number
  readonly intervalUs: number
}

export class Resume {
  readonly #target: Float64Array
  readonly #knobs: readonly ResolvedKnob[]
  readonly #stepMost: number
  readonly #intervalUs: number
  readonly #endUs: number
  #wait = WATCHED_WINDOWS
  #notBeforeUs = 0
  #refusals = 0
  #distance = Number.POSITIVE_INFINITY
  #done = false

  constructor(target: Float64Array, knobs: readonly ResolvedKnob[], limits: Limits, nowUs: number) {
    this.#target = target
    this.#knobs = knobs
    this.#stepMost = limits.stepMost * SHARE
    this.#intervalUs = limits.intervalUs
    this.#endUs = nowUs + LASTS_US
  }

  get done(): boolean {
    return this.#done
  }

  /**
   * Before a window ends, since what the learner does then is too near to be followed by anything else: one step at most. `state` is
   * asked for only where a step may be due.
   */
  window(engine: Engine, nowUs: number, state: () => CoreState): void {
    if (this.#done || --this.#wait > 0 || nowUs < this.#notBeforeUs) return
    const { mode, control, safe_mode, knobs, changed_us } = state()
    if (nowUs > this.#endUs) this.#done = true
    // What protects comes first; the candidate waits.
    if (this.#done || mode !== 'auto' || control !== 'on' || safe_mode !== null) return
    if (nowUs - changed_us < this.#intervalUs) return
    this.#wait = WATCHED_WINDOWS
    const values = new Float64Array(this.#knobs.length).fill(Number.NaN)
    let far = 0
    let moves = false
    this.#knobs.forEach(({ config }, i) => {
      const known = knobs[i]
      const target = this.#target[i] as number
      if (known === undefined || known.frozen || !Number.isFinite(target)) return
      const categorical = config.kind === 'choice' || config.kind === 'boolean'
      const [at, to] = [unitOf(config, known.baseline), unitOf(config, target)]
      far = Math.max(far, Math.abs(to - at))
      if (Math.abs(to - at) <= (categorical ? 0 : SAME)) return
      const live = unitOf(config, known.value)
      const next = categorical ? to : Math.min(live + this.#stepMost, Math.max(live - this.#stepMost, to))
      if (Math.abs(to - next) >= Math.abs(to - at)) return
      values[i] = categorical ? target : ofUnit(config, next)
      moves = true
    })
    // Arrived, stuck on a coarse grid, or led away from it by what is measured here and now.
    if (!moves || far > this.#distance + SAME) this.#done = true
    if (this.#done) return
    this.#distance = far
    if (engine.propose(values, Number.NaN, nowUs) === 0) return
    this.#refusals++
    this.#notBeforeUs = nowUs + REFUSED_US
    if (this.#refusals >= REFUSALS_MAX) this.#done = true
  }
}
