/**
 * Evaluates, asks, tells, until the budget is spent or something says stop.
 */
import type { SolverBinding } from '../binding.js'
import { HomeostatError, invalid } from '../errors.js'
import * as check from '../schema/checks.js'
import type { Space } from '../schema/knob.js'
import type { Evaluated, EvaluationContext } from './evaluation.js'
import { explain } from './explanation.js'
import type { SolverHost } from './host.js'
import type { MinimizeOptions } from './options.js'
import type { Minimum, StopReason } from './progress.js'
import { type Evaluate, Run } from './run.js'
import type { Params } from './space.js'
import { MemoryStudy, openStore, type Study } from './study.js'
import { type ResolvedCheckpoint, type ResolvedRun, validateRun } from './validate.js'

/**
 * Finds the params of a space with the lowest value (the highest with `maximize`) in few evaluations. `evaluate` may be
 * asynchronous; one that throws, rejects or runs past `timeout` is repeated as often as `retry` says and then a failed trial, which
 * the solver learns from. A value of NaN or infinity counts as the worst finite one, and progress says so.
 *
 * Resolves with the best point that kept every constraint. Aborting resolves too, with what is best so far, within `grace`; it
 * rejects with the signal's reason where there is nothing yet. Rejects with `HOMEOSTAT_INVALID_*` or `HOMEOSTAT_UNKNOWN_*` for options
 * that cannot be meant, `HOMEOSTAT_STUDY_NO_RESULT` where no evaluation was complete and kept the constraints, `HOMEOSTAT_STUDY_*` where the
 * checkpoint is another study, damaged, locked, or cannot be written, and `HOMEOSTAT_EVALUATOR_UNUSABLE` where nothing can be evaluated.
 */
export type Minimize = <const S extends Space, const C extends string = never>(
  evaluate: (
    params: Params<S>,
    context: EvaluationContext,
  ) => Evaluated<NoInfer<C>> | PromiseLike<Evaluated<NoInfer<C>>>,
  options: MinimizeOptions<S, C>,
) => Promise<Minimum<S>>

/** A run that found nothing keeps what it learned: the study's log. */
export class NoResultError extends HomeostatError {
  /** The study's log, for `createSolver({ restore })` and the command line. */
  readonly study: string

  constructor(message: string, study: string) {
    super('HOMEOSTAT_STUDY_NO_RESULT', message)
    this.study = study
  }
}

export function makeMinimize(host: SolverHost, load: () => Promise<SolverBinding>): Minimize {
  return async (evaluate, input) => {
    check.fn('evaluate', evaluate)
    const options = validateRun(input, (evaluate as { concurrency?: unknown }).concurrency)
    const study = await openStudy(host, await load(), options)
    try {
      const run = new Run({ study, options, evaluate: evaluate as Evaluate, warn: (line) => host.warn(line) })
      return result(study, options, run, await run.run()) as never
    } finally {
      await study.close()
    }
  }
}

async function openStudy(host: SolverHost, binding: SolverBinding, options: ResolvedRun): Promise<Study> {
  const { checkpoint, config } = options
  if (checkpoint === undefined) return new MemoryStudy(binding.createSolver(JSON.stringify(config)), '')
  if (checkpoint.kind === 'store') return openStore(binding, config, checkpoint.store)
  return openFile(host, binding, config, checkpoint)
}

export function openFile(
  host: SolverHost,
  binding: SolverBinding,
  config: ResolvedRun['config'],
  checkpoint: ResolvedCheckpoint & { kind: 'file' },
): Study {
  if (host.openStudyFile !== undefined) return host.openStudyFile(binding, config, checkpoint)
  throw invalid('checkpoint', `a store of your own: this runtime (${host.target}) has no files`, checkpoint.path)
}

function result(study: Study, options: ResolvedRun, run: Run, stopped: StopReason): Minimum {
  const explanation = explain(study.core, options.sign)
  if (explanation.best === null) {
    if (stopped === 'aborted') throw options.signal?.reason
    throw new NoResultError(nothing(explanation.trials, run), study.text())
  }
  return {
    ...explanation.best,
    stopped,
    done: run.done,
    elapsedMs: run.elapsedMs,
    listenerErrors: run.listenerErrors,
    explanation,
    study: study.text(),
  }
}

function nothing(
  trials: { complete: number; failed: number; infeasible: number; not_finite: number },
  run: Run,
): string {
  const { complete, failed, infeasible, not_finite } = trials
  const parts = [
    ...(failed > 0 ? [`${failed} failed (the last one: ${run.lastReason ?? 'in an earlier run'})`] : []),
    ...(infeasible > 0 ? [`${infeasible} missed a constraint`] : []),
    ...(not_finite > 0 ? [`${not_finite} gave no finite value`] : []),
  ]
  const what = parts.length > 0 ? parts.join(', ') : `${complete} were complete`
  return `none of ${run.done} evaluations gave a result: ${what}`
}
