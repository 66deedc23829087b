/**
 * Evaluates trials, several at once, until there is a reason to stop.
 */
import { OUTCOME_COMPLETE, OUTCOME_FAILED } from '../../binding.js'
import { systemClock } from '../../clock.js'
import { HomeostatError, isHomeostatError } from '../../errors.js'
import type { Params } from '../../node/study/knobs.js'
import { reasonOf } from '../../solver/evaluation.js'
import type { Job, Nothing, RunSession } from './session.js'

export interface Evaluation {
  readonly trial: number
  /** 1, and one more for each retry. */
  readonly attempt: number
  readonly signal: AbortSignal
}

export interface LoopOptions {
  readonly concurrency: number
  /** Evaluations of one trial after the first, where it fails. */
  readonly retry: number
  /** Ends the run once a value is at most this. */
  readonly target: number | undefined
  /** Ends the run after so many failures where nothing ever succeeded; 0: never. */
  readonly giveUp: number
  /** Aborted: evaluations are given up and their trials stay open. */
  readonly signal: AbortSignal
  evaluate(params: Params, evaluation: Evaluation): Promise<number>
  onStart(job: Job): void
  onRetry(job: Job, reason: string): void
  onEnd(ended: Ended): void
}

export interface Ended {
  readonly job: Job
  readonly state: 'complete' | 'failed'
  /** Not finite where the evaluation said so: it counts as the worst seen. */
  readonly value: number
  readonly reason: string
  readonly ms: number
  /** Another process told the trial first; this outcome was not used. */
  readonly late: boolean
}

export type Stopped = Nothing | 'target' | 'interrupted'

/** Throws where nothing can be evaluated at all, or the study cannot be kept; what runs is given up then. */
export async function runTrials(session: RunSession, options: LoopOptions): Promise<Stopped> {
  const stop = new AbortController()
  const signal = AbortSignal.any([options.signal, stop.signal])
  let stopped: Stopped | undefined
  let failures = 0
  let succeeded = session.best() !== undefined

  async function worker(): Promise<void> {
    while (stopped === undefined && !signal.aborted) {
      const job = session.next()
      if (typeof job === 'string') {
        stopped ??= job
        return
      }
      const ended = await evaluateJob(session, job, signal, options)
      if (ended === undefined) return
      options.onEnd(ended)
      if (ended.state === 'complete') succeeded ||= Number.isFinite(ended.value)
      else failures++
      if (!succeeded && options.giveUp > 0 && failures >= options.giveUp) throw hopeless(failures, ended.reason)
      if (options.target !== undefined && ended.value <= options.target) {
        stopped = 'target'
        stop.abort()
      }
    }
  }

  const workers = Array.from({ length: options.concurrency }, () =>
    worker().catch((error) => {
      stop.abort()
      throw error
    }),
  )
  const results = await Promise.allSettled(workers)
  const failed = results.find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  return options.signal.aborted ? 'interrupted' : (stopped ?? 'budget')
}

/** Undefined where it was given up: its trial stays open. */
async function evaluateJob(
  session: RunSession,
  job: Job,
  signal: AbortSignal,
  options: LoopOptions,
): Promise<Ended | undefined> {
  const startUs = systemClock.nowUs()
  options.onStart(job)
  for (let attempt = 1; ; attempt++) {
    try {
      const value = await options.evaluate(job.params, { trial: job.trial, attempt, signal })
      return finish('complete', value, '')
    } catch (error) {
      if (signal.aborted || (isHomeostatError(error) && error.code === 'HOMEOSTAT_EVALUATOR_UNUSABLE')) {
        session.release(job.trial)
        if (signal.aborted) return undefined
        throw error
      }
      if (!isHomeostatError(error) || error.code !== 'HOMEOSTAT_EVALUATION_FAILED') throw error
      const reason = reasonOf(error)
      if (attempt > options.retry) return finish('failed', Number.NaN, reason)
      options.onRetry(job, reason)
    }
  }

  function finish(state: Ended['state'], value: number, reason: string): Ended {
    const outcome = state === 'complete' ? OUTCOME_COMPLETE : OUTCOME_FAILED
    const used = session.tell(job.trial, { outcome, value, reason })
    return { job, state, value, reason, ms: (systemClock.nowUs() - startUs) / 1000, late: !used }
  }
}

function hopeless(failures: number, reason: string): HomeostatError {
  const message = `the first ${failures} evaluations all failed, the last one: ${reason}`
  return new HomeostatError('HOMEOSTAT_STUDY_NO_RESULT', `${message}; --give-up 0 goes on in any case`)
}
