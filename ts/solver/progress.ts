/**
 * What a run tells while it goes on, and when it is done.
 */
import type { Space } from '../schema/knob.js'
import type { Explanation } from './explanation.js'
import type { Params } from './space.js'
import type { Best, TrialRecord } from './trial.js'

/** One evaluation that ended. */
export interface Progress<S extends Space = Space> extends TrialRecord<S> {
  /** How often it was evaluated. */
  readonly attempts: number
  /** Its value was NaN or infinite, and counts as the worst finite one. */
  readonly notFinite: boolean
  /** It is the best so far. */
  readonly improved: boolean
  readonly best: Best<S> | undefined
  /** Evaluations that ended, of this run and of those that it goes on from. */
  readonly done: number
  readonly budget: number
  /** Evaluations that run at this moment. */
  readonly running: number
  /** Since the start of this run. */
  readonly elapsedMs: number
}

/**
 * Why a run ended. `budget`: it is spent. `exhausted`: every point of a finite space was evaluated. The others: what `stop` or
 * `signal` said.
 */
export type StopReason = 'budget' | 'exhausted' | 'target' | 'no-gain' | 'time' | 'failures' | 'aborted'

/** What a run found. */
export interface Minimum<S extends Space = Space> {
  readonly params: Params<S>
  /** What the value at `params` is believed to be: where evaluations are noisy, not the luckiest sample. */
  readonly value: number
  /** Number of the trial. */
  readonly trial: number
  readonly stopped: StopReason
  /** Evaluations that ended, those of earlier runs on the same checkpoint included. */
  readonly done: number
  /** Of this run. */
  readonly elapsedMs: number
  /** Errors that `onProgress` threw. */
  readonly listenerErrors: number
  /** Phase, counts, how much each knob matters, and what the landscape looks like. */
  readonly explanation: Explanation<S>
  /** The study's log: for `createSolver({ restore })`, the command line, or a store. */
  readonly study: string
}
