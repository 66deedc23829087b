/**
 * Which point a run evaluates next: the one that the space starts from, those that an earlier run left open, then what the solver
 * asks for, until the budget is spent.
 */
import { OUTCOME_COMPLETE, type SolverCore } from '../binding.js'
import { isHomeostatError } from '../errors.js'
import type { Study } from './study.js'
import { type CoreOutcome, readTrial, type TrialRecord } from './trial.js'
import type { ResolvedRun } from './validate.js'

export interface Job {
  readonly trial: number
  readonly values: Float64Array
  /** The solver did not ask for it: its trial is added with the result, under the number that is then the next. */
  readonly initial: boolean
}

export class Queue {
  readonly #study: Study
  readonly #run: ResolvedRun
  readonly #waiting: Job[] = []
  /** Trials that this run evaluates now. */
  readonly #mine = new Set<number>()
  /** Earlier results, which no budget counts. */
  readonly #free: number
  #evaluatesInitial = false
  #done: number
  #exhausted = false

  /** Tells the earlier results to a study that has none, and finds what an earlier run left open. */
  constructor(study: Study, run: ResolvedRun) {
    this.#study = study
    this.#run = run
    const { done, free } = study.change((core) => this.#open(core))
    this.#done = done
    this.#free = free
  }

  /** Whether nothing comes any more because a finite space has no other point. */
  get exhausted(): boolean {
    return this.#exhausted
  }

  /** Evaluations that ended, those of earlier runs included. */
  get done(): number {
    return this.#done
  }

  /** The next point; undefined where there is none at present. */
  next(): Job | undefined {
    // It runs alone: what it shows is worth more than the time of the others.
    if (this.#evaluatesInitial) return undefined
    return this.#study.change((core) => {
      const waitingOpen = this.#waiting.filter(({ initial }) => !initial).length
      if (core.trials() - this.#free - waitingOpen >= this.#run.budget) return undefined
      const job = this.#waiting.shift() ?? this.#ask(core)
      if (job === undefined) return undefined
      if (job.initial) this.#evaluatesInitial = true
      else this.#claim(job.trial)
      return job
    })
  }

  /** Keeps an outcome. Returns the trial's number, and whether a value that is not finite was replaced. */
  finish(job: Job, { outcome, value, margin, reason }: CoreOutcome): { trial: number; notFinite: boolean } {
    this.#done++
    return this.#study.change((core) => {
      if (job.initial) {
        this.#evaluatesInitial = false
        const trial = core.add(job.values, outcome, value, margin)
        return { trial, notFinite: outcome === OUTCOME_COMPLETE && !Number.isFinite(value) }
      }
      this.#mine.delete(job.trial)
      try {
        const notFinite = core.tell(job.trial, outcome, value, margin, reason) === 1
        return { trial: job.trial, notFinite }
      } catch (error) {
        // A person or another process told it meanwhile: the first word counts, and is no reason to lose the run.
        if (!isHomeostatError(error) || error.code !== 'HOMEOSTAT_TRIAL_TOLD') throw error
        return { trial: job.trial, notFinite: false }
      } finally {
        this.#study.claim(this.#mine)
      }
    })
  }

  #open(core: SolverCore): { done: number; free: number } {
    const { space, warmStart } = this.#run
    const records = Array.from({ length: core.trials() }, (_, trial) => readTrial(core, trial, 1))
    if (records.length === 0) {
      for (const { values, outcome } of warmStart) core.add(values, outcome.outcome, outcome.value, outcome.margin)
    }
    const { total, open, added } = (JSON.parse(core.explain()) as { trials: Counts }).trials
    const initial = space.initial
    const same = (values: Float64Array): boolean => initial?.every((value, i) => value === values[i]) === true
    const told = warmStart.some(({ values }) => same(values))
    const evaluated = records.some(({ state, params }) => state !== 'open' && same(space.toValues('params', params)))
    if (initial !== undefined && !told && !evaluated) {
      this.#waiting.push({ trial: total, values: initial, initial: true })
    }
    this.#adopt(records)
    const free = evaluated && !told ? Math.max(0, added - 1) : added
    return { done: total - open - free, free }
  }

  #adopt(records: readonly TrialRecord[]): void {
    const claimed = this.#study.claimed()
    for (const { trial, state, params } of records) {
      if (state !== 'open' || claimed.has(trial)) continue
      this.#waiting.push({ trial, values: this.#run.space.toValues('params', params), initial: false })
      this.#mine.add(trial)
    }
    if (this.#mine.size > 0) this.#study.claim(this.#mine)
  }

  #ask(core: SolverCore): Job | undefined {
    const values = new Float64Array(this.#run.space.length)
    const trial = core.ask(values)
    this.#exhausted = trial < 0
    return this.#exhausted ? undefined : { trial, values, initial: false }
  }

  #claim(trial: number): void {
    if (this.#mine.has(trial)) return
    this.#mine.add(trial)
    this.#study.claim(this.#mine)
  }
}

interface Counts {
  readonly total: number
  readonly open: number
  readonly added: number
}
