/**
 * The trials that one `run` evaluates: which is next, and where its outcome goes. Several runs may share a study.
 */
import type { SolverCore } from '../../binding.js'
import { isHomeostatError } from '../../errors.js'
import { Claims } from '../../node/study/claims.js'
import type { Params } from '../../node/study/knobs.js'
import type { StudyFile } from '../../node/study/study-file.js'
import { explain, left } from '../study/budget.js'
import { bestOf, type Trial, trialOf } from '../study/trials.js'

export interface Job {
  readonly trial: number
  readonly params: Params
  /** Asked for earlier, by a process that died or by hand. */
  readonly leftOver: boolean
}

/** Why there is no next trial. */
export type Nothing = 'budget' | 'exhausted'

export interface Told {
  readonly outcome: number
  readonly value: number
  readonly reason: string
}

export class RunSession {
  readonly #file: StudyFile
  readonly #claims: Claims
  readonly #budget: number
  readonly #mine = new Set<number>()
  /** Trials below this number that were not open when they were looked at. */
  #looked = 0
  readonly #seenOpen = new Set<number>()

  constructor(file: StudyFile, budget: number) {
    this.#file = file
    this.#claims = new Claims(file.path)
    this.#budget = budget
    // Removes what runs that died left behind.
    file.change(() => void this.#claims.others(), false)
  }

  /** What others left open comes first: a strategy may be waiting for it. */
  next(): Job | Nothing {
    return this.#file.change((core) => {
      const { trials } = explain(core)
      const job =
        (trials.open > this.#mine.size ? this.#leftOver(core) : undefined) ??
        this.#new(core, left(trials, this.#budget))
      if (typeof job === 'object') {
        this.#mine.add(job.trial)
        this.#claims.set(this.#mine)
      }
      return job
    }, false)
  }

  /** Durable when it returns. False where another process told this trial first. */
  tell(trial: number, { outcome, value, reason }: Told): boolean {
    try {
      this.#file.change((core) => core.tell(trial, outcome, value, Number.NaN, reason), true)
      return true
    } catch (error) {
      if (isHomeostatError(error) && error.code === 'HOMEOSTAT_TRIAL_TOLD') return false
      throw error
    } finally {
      this.release(trial)
    }
  }

  /** Leaves a trial open, for whoever goes on. */
  release(trial: number): void {
    this.#mine.delete(trial)
    this.#claims.set(this.#mine)
  }

  best(): Trial | undefined {
    return bestOf(this.#file.core, this.#file.knobs)
  }

  close(): void {
    this.#claims.remove()
    this.#file.close()
  }

  #new(core: SolverCore, room: number): Job | Nothing {
    if (room <= 0) return 'budget'
    const values = new Float64Array(this.#file.knobs.length)
    const trial = core.ask(values)
    return trial < 0 ? 'exhausted' : { trial, params: this.#file.knobs.toParams(values), leftOver: false }
  }

  #leftOver(core: SolverCore): Job | undefined {
    const others = this.#claims.others()
    const count = core.trials()
    for (; this.#looked < count; this.#looked++) this.#seenOpen.add(this.#looked)
    for (const number of this.#seenOpen) {
      const { state, params } = trialOf(core, number)
      if (state !== 'open') this.#seenOpen.delete(number)
      else if (!this.#mine.has(number) && !others.has(number)) return { trial: number, params, leftOver: true }
    }
    return undefined
  }
}
