/**
 * Ask and tell: for those who run the evaluations themselves.
 */
import type { SolverCore } from '../binding.js'
import { HomeostatError, invalid, show } from '../errors.js'
import type { Space } from '../schema/knob.js'
import { type Explanation, explain } from './explanation.js'
import type { Params } from './space.js'
import type { Study } from './study.js'
import {
  type Best,
  type CoreOutcome,
  type Outcome,
  outcomeOf,
  readTrial,
  type Trial,
  type TrialRecord,
} from './trial.js'
import type { ResolvedStudy } from './validate.js'

/** Most points of one `ask(n)`. */
const ASK_MAX = 1024

/** What became of a told outcome. */
export interface Told {
  readonly trial: number
  /** The value was NaN or infinite, and counts as the worst finite one. */
  readonly notFinite: boolean
}

/** A study: ask for points, evaluate them anywhere, tell what came out, in any order. Made by `createSolver()`. */
export class Solver<S extends Space = Space, C extends string = never> {
  readonly #study: Study
  readonly #resolved: ResolvedStudy
  readonly #point: Float64Array
  #closed = false

  /** @internal */
  constructor(study: Study, resolved: ResolvedStudy) {
    this.#study = study
    this.#resolved = resolved
    this.#point = new Float64Array(resolved.space.length)
  }

  /** Trials so far, open ones included. */
  get size(): number {
    return this.#core('size').trials()
  }

  /** The next point to evaluate. Throws `HOMEOSTAT_STUDY_EXHAUSTED` where every point of a finite space was asked for. */
  ask(): Trial<S>
  /** The next points, 1 to 1024 of them; fewer, or none, where a finite space has no more. */
  ask(n: number): Trial<S>[]
  ask(n?: number): Trial<S> | Trial<S>[] {
    this.#core('ask()')
    if (n === undefined) {
      const trial = this.#study.change((core) => this.#next(core))
      if (trial !== undefined) return trial
      throw new HomeostatError('HOMEOSTAT_STUDY_EXHAUSTED', 'every point of the space was asked for: there is no other')
    }
    if (!Number.isInteger(n) || n < 1 || n > ASK_MAX) throw invalid('ask(n)', `a whole number from 1 to ${ASK_MAX}`, n)
    return this.#study.change((core) => {
      const trials: Trial<S>[] = []
      for (let trial = this.#next(core); trial !== undefined; trial = this.#next(core)) {
        trials.push(trial)
        if (trials.length === n) break
      }
      return trials
    })
  }

  /**
   * Tells how an evaluation ended: its value, `{ value, constraints }`, `{ failed: reason }`, or `{ pruned: true, value }`. The trial
   * by what `ask` gave, by its number, or by its params. Throws `HOMEOSTAT_UNKNOWN_TRIAL` for a point that is not open (`add` takes
   * those) and `HOMEOSTAT_TRIAL_TOLD` the second time; nothing changes then.
   */
  tell(trial: Trial<S> | Params<S> | number, outcome: Outcome<C>): Told {
    this.#core('tell()')
    const told = this.#outcome(outcome)
    return this.#study.change((core) => {
      const number = this.#number(core, trial)
      const replaced = core.tell(number, told.outcome, told.value, told.margin, told.reason)
      return { trial: number, notFinite: replaced === 1 }
    })
  }

  /** Tells a result for a point that was not asked for: an earlier one, or one of the user's choice. Returns its trial's number. */
  add(params: Params<S>, outcome: Outcome<C>): number {
    this.#core('add()')
    const told = this.#outcome(outcome)
    const values = this.#resolved.space.toValues('params', params)
    return this.#study.change((core) => core.add(values, told.outcome, told.value, told.margin))
  }

  /** The best trial so far that is complete and kept every constraint. */
  best(): Best<S> | undefined {
    return explain<S>(this.#core('best()'), this.#resolved.sign).best ?? undefined
  }

  /** One trial, by its number. Throws `HOMEOSTAT_UNKNOWN_TRIAL`. */
  trial(trial: number): TrialRecord<S> {
    return readTrial(this.#core('trial()'), trial, this.#resolved.sign)
  }

  /** Every trial, in the order in which they were asked for or added. */
  trials(): TrialRecord<S>[] {
    const core = this.#core('trials()')
    return Array.from({ length: core.trials() }, (_, trial) => readTrial<S>(core, trial, this.#resolved.sign))
  }

  /** How much of the objective's variation each knob accounts for, 0 to 1. */
  importance(): { readonly [N in keyof S]: number } {
    return this.explain().importance
  }

  /** The incumbent, what the solver is doing, how much each knob matters, and what the landscape looks like. */
  explain(): Explanation<S> {
    return explain(this.#core('explain()'), this.#resolved.sign)
  }

  /** The study's log, JSON Lines: `createSolver({ restore })` goes on from it to the last bit. */
  save(): string {
    this.#core('save()')
    return this.#study.text()
  }

  /** Frees the core's memory. Any later call throws `HOMEOSTAT_CLOSED`. Safe to call twice. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#study.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #core(call: string): SolverCore {
    if (!this.#closed) return this.#study.core
    throw new HomeostatError('HOMEOSTAT_CLOSED', `${call}: this solver was closed`)
  }

  #next(core: SolverCore): Trial<S> | undefined {
    const trial = core.ask(this.#point)
    return trial < 0 ? undefined : { trial, params: this.#resolved.space.toParams<S>(this.#point) }
  }

  #outcome(outcome: unknown): CoreOutcome {
    return outcomeOf('outcome', outcome, this.#resolved.sign, this.#resolved.constraints)
  }

  #number(core: SolverCore, given: unknown): number {
    if (typeof given === 'number') return known(given)
    if (typeof given !== 'object' || given === null)
      throw invalid('trial', "what ask() gave, a trial's number, or params", given)
    // A knob may be called `trial`: what ask() gave has params too.
    if ('params' in given && !this.#resolved.space.names.includes('params')) return known((given as Trial).trial)
    const trial = core.find(this.#resolved.space.toValues('params', given))
    if (trial >= 0) return trial
    throw new HomeostatError(
      'HOMEOSTAT_UNKNOWN_TRIAL',
      `no open trial has the params ${show(given)}: tell() takes what ask() gave, add() any other point`,
    )
  }
}

function known(trial: unknown): number {
  if (typeof trial === 'number' && Number.isSafeInteger(trial) && trial >= 0 && trial < 2 ** 32) return trial
  throw new HomeostatError('HOMEOSTAT_UNKNOWN_TRIAL', `there is no trial ${show(trial)}`)
}
