/**
 * Options of `createSolver()` and `minimize()`. Every option states its unit, range and default; `validate.ts` holds them to it.
 */
import type { Clock } from '../clock.js'
import type { Space } from '../schema/knob.js'
import type { DurationInput } from '../units.js'
import type { SolverConstraints } from './constraints.js'
import type { Evaluated } from './evaluation.js'
import type { Progress } from './progress.js'
import type { PrunerOptions } from './prune.js'
import type { Params } from './space.js'
import type { StudyStore } from './study.js'

/**
 * How points are found. `auto`: the strong default, chosen by the space. `nelder-mead`, `tpe`, `spsa`: those methods. `random` and
 * `sobol`: spread over the space, blind to results.
 */
export type SolverStrategy = 'auto' | 'nelder-mead' | 'tpe' | 'spsa' | 'random' | 'sobol'

export interface StudyOptions<S extends Space, C extends string = never> {
  /** 1 to 256 knobs, made by `knob.number()`, `knob.choice()`, … */
  space: S
  /** Of the only random generator: the same seed and results give the same points. 0 to 2^32 - 1; default 0. */
  seed?: number
  /** Default `auto`. */
  strategy?: SolverStrategy
  /** Settings of the strategy; what there is, its ranges and defaults the error on an unknown one says. */
  strategyParams?: Readonly<Record<string, number>>
  /** Share of the budget that is spread over the space before results are followed. 0 to 0.9; default by strategy. */
  probeRatio?: number
  /** Higher values are better. Default false. The study's log, and so the command line, has them with their sign changed. */
  maximize?: boolean
  /**
   * Bounds on what an evaluation measures besides its value, for example `{ memoryMB: { max: 512 } }`. An evaluation then returns
   * `{ value, constraints: { memoryMB: 300 } }`. What misses one is never the best.
   */
  constraints?: SolverConstraints<C>
}

/** A study in a file of this machine (Node, Deno, Bun). */
export interface CheckpointFile {
  /** Its path. The file is made where there is none. */
  file: string
  /** Force every result to the disk before the run goes on, against power failures. Default false: what was told survives the end of the process. */
  sync?: boolean
}

export interface SolverOptions<S extends Space, C extends string = never> extends StudyOptions<S, C> {
  /** Evaluations that the study is meant for; strategies plan with it, nothing stops at it. 1 to 1e6; default none. */
  budget?: number
  /** Points that are expected to be open at once. 1 to 1024; default 1. */
  batch?: number
  /** The log of an earlier study, from `save()`: it goes on to the last bit. */
  restore?: string | Uint8Array
  /** Keeps the study in this file, and goes on with what is there (Node, Deno, Bun). Other processes may use it at the same time. */
  checkpoint?: string | CheckpointFile
}

/** An earlier result. */
export type WarmStart<S extends Space, C extends string = never> = { readonly params: Params<S> } & Exclude<
  Evaluated<C>,
  number
>

export interface RetryOptions {
  /** Attempts after the first one. 0 to 100. */
  readonly times: number
  /** Wait before each of them. 0 to 1 h; default 0. */
  readonly delay?: DurationInput
}

/** What ends a run before its budget. */
export interface StopOptions {
  /** An evaluation that keeps the constraints reaches this value. */
  readonly target?: number
  /** This many evaluations in a row were no better than the best before them. 1 to 1e6. */
  readonly noGain?: number
  /** So long since the start. 1 ms to 24 d. Evaluations that run then are aborted. */
  readonly after?: DurationInput
  /** This many evaluations in a row failed. 1 to 1e6. */
  readonly failures?: number
}

export interface MinimizeOptions<S extends Space, C extends string = never> extends StudyOptions<S, C> {
  /** Evaluations, failed and pruned ones included, attempts not counted. 1 to 1e6; default 100. */
  budget?: number
  /** Evaluations that run at once. 1 to 1024; default 1, or as many as an evaluator has workers. */
  concurrency?: number
  /** Ends the run: evaluations are aborted, and what is best so far is the result. */
  signal?: AbortSignal
  /** Called after each evaluation. What it throws is counted and warned of, nothing more. */
  onProgress?: (progress: Progress<S>) => void
  /**
   * Where the study is kept, and found again: a file (Node, Deno, Bun), or a store of the application's own. A run goes on where the
   * one before was stopped or killed, if it is the same study; otherwise `HOMEOSTAT_STUDY_CONFIG`. Default: not kept.
   */
  checkpoint?: string | CheckpointFile | StudyStore
  /** How often a failed evaluation is repeated before its trial has failed. A number, 0 to 100, or `{ times, delay }`; default 0. */
  retry?: number | RetryOptions
  /** Longest time of one attempt; then its `signal` is aborted and it has failed. 1 ms to 24 d; default none. */
  timeout?: DurationInput
  /** How long an evaluation that was told to stop may take to do so, before it is left to itself. 0 to 60 s; default 2 s. */
  grace?: DurationInput
  /** Gives up evaluations that are hopeless by the values they `report()`. Default none. What they reported is not kept in a checkpoint. */
  pruner?: PrunerOptions
  /** Earlier results of the same objective, told before the first evaluation. They do not count for the budget. */
  warmStart?: readonly WarmStart<S, C>[]
  /** What ends the run before its budget. */
  stop?: StopOptions
  /** Monotonic clock. Default: the runtime's. */
  clock?: Clock
}
