/**
 * Answers requests on a study: one answer per request, whatever the request is.
 */
import { OUTCOME_COMPLETE, OUTCOME_FAILED, OUTCOME_PRUNED, type SolverCore } from '../../binding.js'
import { HomeostatError, isHomeostatError } from '../../errors.js'
import type { Knobs } from '../../node/study/knobs.js'
import { trialOf } from '../study/trials.js'
import { LINE_MAX, type Line, TOO_LONG } from './lines.js'
import { batchOf, parseRequest, type Request, type Result, resultsOf } from './request.js'

/** Trials that are looked through, the latest ones, to say that a point was told before. */
const LOOK_BACK = 2000
/** Open points that are looked through for one that was printed with fewer digits. */
const NEAR_MAX = 10_000
/** Fifteen significant digits survive every language's way of printing a number. */
const NEAR = 1e-12

export class Session {
  /** Set once `close` was asked for. */
  closed = false
  /** Whether anything since it was last cleared has to survive a power failure before it is acknowledged. */
  told = false
  readonly #knobs: Knobs
  readonly #values: Float64Array
  /** Asked for here and not told yet. */
  readonly #open = new Map<number, Float64Array>()

  constructor(knobs: Knobs) {
    this.#knobs = knobs
    this.#values = new Float64Array(knobs.length)
  }

  answer(core: SolverCore, line: Line): string {
    try {
      if (line === TOO_LONG)
        throw new HomeostatError(
          'HOMEOSTAT_LINE_TOO_LONG',
          `a line may have at most ${LINE_MAX} bytes; it was passed over`,
        )
      return this.#answer(core, parseRequest(line))
    } catch (error) {
      return errorAnswer(error)
    }
  }

  #answer(core: SolverCore, request: Request): string {
    switch (request.cmd) {
      case 'ask':
        return this.#ask(core, request)
      case 'tell':
        return this.#each(resultsOf(request), (result) => this.#tell(core, result))
      case 'add':
        return this.#each(resultsOf(request), (result) => this.#add(core, result))
      case 'best':
        return this.#best(core)
      case 'status':
        return core.explain()
      case 'importance':
        return JSON.stringify({ importance: (JSON.parse(core.explain()) as { importance?: unknown }).importance ?? {} })
      case 'close':
        this.closed = true
        return '{"ok":true}'
    }
  }

  #ask(core: SolverCore, request: Request): string {
    const batch = batchOf(request)
    const params: string[] = []
    const trials: number[] = []
    for (let i = 0; i < batch; i++) {
      const trial = core.ask(this.#values)
      if (trial < 0) break
      this.#open.set(trial, this.#values.slice())
      trials.push(trial)
      params.push(JSON.stringify(this.#knobs.toParams(this.#values)))
    }
    if (trials.length === 0)
      throw new HomeostatError('HOMEOSTAT_STUDY_EXHAUSTED', 'every point of this finite space was asked for already')
    const numbers = request.trials === true ? `,"trials":${JSON.stringify(trials)}` : ''
    return `{"params":[${params.join(',')}]${numbers}}`
  }

  /** In order; where one is refused, those before it are told and those after it are not. */
  #each(results: readonly Result[], work: (result: Result) => number): string {
    let replaced = 0
    for (let i = 0; i < results.length; i++) {
      try {
        replaced += work(results[i] as Result)
      } catch (error) {
        const { code, message } = coded(error)
        throw results.length === 1
          ? error
          : new HomeostatError(code, `results[${i}]: ${message}; ${i} of ${results.length} were taken`)
      }
    }
    return replaced === 0 ? '{"ok":true}' : `{"ok":true,"replaced":${replaced}}`
  }

  #tell(core: SolverCore, result: Result): number {
    const trial = result.trial ?? this.#find(core, this.#knobs.toValues(result.params, this.#values))
    const replaced = core.tell(trial, outcomeOf(result), result.value, result.margin, result.failed ?? '')
    this.#open.delete(trial)
    this.told = true
    return replaced
  }

  #add(core: SolverCore, result: Result): number {
    const values = this.#knobs.toValues(result.params, this.#values)
    core.add(values, outcomeOf(result), result.value, result.margin)
    this.told = true
    return Number.isFinite(result.value) || result.failed !== undefined || result.pruned ? 0 : 1
  }

  #best(core: SolverCore): string {
    const trial = core.best(this.#values)
    if (trial < 0) throw new HomeostatError('HOMEOSTAT_STUDY_NO_RESULT', 'no evaluation has succeeded yet')
    const { params, value } = trialOf(core, trial)
    return JSON.stringify({ params, value })
  }

  #find(core: SolverCore, values: Float64Array): number {
    const exact = core.find(values)
    if (exact >= 0) return exact
    const near = this.#near(values)
    if (near !== undefined) return near
    const told = toldBefore(core, this.#knobs, values)
    if (told !== undefined)
      throw new HomeostatError(
        'HOMEOSTAT_TRIAL_TOLD',
        `this point was trial ${told}, which was told before: an outcome is told once`,
      )
    throw new HomeostatError(
      'HOMEOSTAT_UNKNOWN_POINT',
      'this point was never asked for; results for other points come in by {"cmd":"add"}',
    )
  }

  #near(values: Float64Array): number | undefined {
    let looked = 0
    for (const [trial, asked] of this.#open) {
      if (looked++ === NEAR_MAX) break
      if (asked.every((v, i) => Math.abs(v - (values[i] as number)) <= NEAR * Math.abs(v))) return trial
    }
    return undefined
  }
}

const outcomeOf = ({ failed, pruned }: Result): number =>
  failed !== undefined ? OUTCOME_FAILED : pruned ? OUTCOME_PRUNED : OUTCOME_COMPLETE

function toldBefore(core: SolverCore, knobs: Knobs, values: Float64Array): number | undefined {
  const point = JSON.stringify(knobs.toParams(values))
  const count = core.trials()
  for (let trial = count - 1; trial >= Math.max(0, count - LOOK_BACK); trial--) {
    if (JSON.stringify(trialOf(core, trial).params) === point) return trial
  }
  return undefined
}

function coded(error: unknown): { code: HomeostatError['code']; message: string } {
  if (isHomeostatError(error)) return { code: error.code, message: error.message }
  return { code: 'HOMEOSTAT_INTERNAL', message: error instanceof Error ? error.message : String(error) }
}

export function errorAnswer(error: unknown): string {
  const { code, message } = coded(error)
  return JSON.stringify({ error: { code, message } })
}
