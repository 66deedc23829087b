/**
 * One attempt at one evaluation: bounded in time, whatever the evaluation does.
 *
 * An evaluation that is told to stop (its time is up, the run ends) has `graceMs` to do so; then it is left to itself, and what it
 * gives later is not looked at. One that ends in time with a value when the run ends is kept.
 */

import type { EvaluationContext } from './evaluation.js'
import { failedEvaluation } from './evaluation.js'
import { type Pruner, reported } from './prune.js'
import type { CoreOutcome } from './trial.js'

export type AttemptEnd =
  | { readonly kind: 'complete'; readonly outcome: CoreOutcome }
  | { readonly kind: 'failed'; readonly error: unknown }
  /** Given up as hopeless, with its last intermediate value as it was reported. */
  | { readonly kind: 'pruned'; readonly value: number }
  /** The run ended first: the trial stays open. */
  | { readonly kind: 'aborted' }

export interface AttemptOptions {
  readonly trial: number
  readonly attempt: number
  readonly timeoutMs: number | undefined
  readonly graceMs: number
  readonly pruner: Pruner | undefined
  /** 1, or -1 where higher values are better. */
  readonly sign: 1 | -1
  /** Starts the evaluation. */
  evaluate(context: EvaluationContext): unknown
  /** Reads what it gave; throws where that is no result. */
  read(result: unknown): CoreOutcome
}

/** Thrown by `report()` to end an evaluation. */
class Pruned extends Error {
  override readonly name = 'Pruned'
}

export class Attempt {
  readonly #options: AttemptOptions
  readonly #abort = new AbortController()
  #timer: ReturnType<typeof setTimeout> | undefined
  #timedOut = false
  #reports = 0
  #pruned: number | undefined
  #settle: ((end: AttemptEnd) => void) | undefined

  constructor(options: AttemptOptions) {
    this.#options = options
  }

  /** Never rejects. */
  run(): Promise<AttemptEnd> | AttemptEnd {
    let result: unknown
    try {
      result = this.#options.evaluate(this.#context())
    } catch (error) {
      return this.#failed(error)
    }
    if (typeof (result as PromiseLike<unknown> | null)?.then !== 'function') return this.#complete(result)
    return new Promise<AttemptEnd>((resolve) => {
      this.#settle = resolve
      const { timeoutMs } = this.#options
      if (this.#abort.signal.aborted) this.#expire({ kind: 'aborted' })
      else if (timeoutMs !== undefined) this.#timer = setTimeout(() => this.#timeout(timeoutMs), timeoutMs)
      Promise.resolve(result as PromiseLike<unknown>).then(
        (value) => this.#end(this.#complete(value)),
        (error) => this.#end(this.#failed(error)),
      )
    })
  }

  /** The run ends. */
  stop(reason: unknown): void {
    if (this.#abort.signal.aborted) return
    this.#abort.abort(reason)
    this.#expire({ kind: 'aborted' })
  }

  #context(): EvaluationContext {
    const { trial, attempt } = this.#options
    const signal = this.#abort.signal
    return { trial, attempt, signal, report: (...args: number[]) => this.#report(args) }
  }

  #report(args: readonly number[]): void {
    const { step, value } = reported(args, this.#reports)
    this.#reports++
    const { pruner, trial, sign } = this.#options
    if (pruner === undefined || this.#abort.signal.aborted) return
    if (this.#pruned === undefined && !pruner.report(trial, step, sign * value)) return
    this.#pruned = value
    throw new Pruned('this evaluation is not worth finishing')
  }

  #timeout(ms: number): void {
    this.#timedOut = true
    const error = failedEvaluation(`ran longer than ${ms} ms`)
    this.#abort.abort(error)
    this.#expire({ kind: 'failed', error })
  }

  #expire(end: AttemptEnd): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#end(end), this.#options.graceMs)
  }

  #end(end: AttemptEnd): void {
    clearTimeout(this.#timer)
    this.#settle?.(end)
    this.#settle = undefined
  }

  #complete(result: unknown): AttemptEnd {
    if (this.#timedOut) return { kind: 'failed', error: this.#abort.signal.reason }
    try {
      return { kind: 'complete', outcome: this.#options.read(result) }
    } catch (error) {
      return { kind: 'failed', error }
    }
  }

  #failed(error: unknown): AttemptEnd {
    if (this.#pruned !== undefined) return { kind: 'pruned', value: this.#pruned }
    if (this.#timedOut) return { kind: 'failed', error: this.#abort.signal.reason }
    return this.#abort.signal.aborted ? { kind: 'aborted' } : { kind: 'failed', error }
  }
}
