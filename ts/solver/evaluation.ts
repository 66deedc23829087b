/**
 * What an evaluation is given and what it gives back.
 */
import { HomeostatError, show } from '../errors.js'

/** What an evaluation is told besides the values. */
export interface EvaluationContext {
  /** Number of the trial, from 0. */
  readonly trial: number
  /** 1, and one more each time that the trial is evaluated again after a failure. */
  readonly attempt: number
  /** Aborted when the evaluation ran past `timeout`, or the run ends without it. */
  readonly signal: AbortSignal
  /**
   * Tells an intermediate value of this evaluation, at a step that all evaluations share (an epoch, a share of the data). Throws
   * to end the evaluation where the run's `pruner` holds it for hopeless: let that pass. Does nothing more without a pruner.
   */
  report(step: number, value: number): void
  /** As above; the step is the number of reports so far. */
  report(value: number): void
}

/** What an evaluation gives: its value and, where the run has constraints, what each of them was measured at. */
export type Evaluated<C extends string = never> = [C] extends [never]
  ? number | { readonly value: number }
  : { readonly value: number; readonly constraints: { readonly [N in C]: number } }

/** An evaluation that runs elsewhere: in threads, or in processes of its own. */
export interface Evaluator<P = unknown, R = number> {
  (params: P, context: EvaluationContext): Promise<R>
  /** How many evaluations it runs at once; what `minimize` takes where no `concurrency` is given. */
  readonly concurrency: number
}

/** An evaluation that gave nothing; the message is the trial's reason. */
export function failedEvaluation(reason: string, cause?: unknown): HomeostatError {
  return new HomeostatError('HOMEOSTAT_EVALUATION_FAILED', reason, { cause })
}

/** Nothing can be evaluated at all: a program or a module is not there. Ends a run instead of failing all of its trials. */
export function unusableEvaluator(reason: string, cause?: unknown): HomeostatError {
  return new HomeostatError('HOMEOSTAT_EVALUATOR_UNUSABLE', reason, { cause })
}

export const REASON_MAX = 500

/** Why an evaluation failed, on one bounded line. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : show(error)
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > REASON_MAX ? `${line.slice(0, REASON_MAX - 1)}…` : line
}
