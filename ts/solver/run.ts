/**
 * The loop of `minimize`: keeps as many evaluations running as it may, tells each as it ends, and stops for the first of many
 * reasons. What was told is kept before anybody hears of it; an evaluation that a stop cut off stays open, for the next run.
 */
import { OUTCOME_COMPLETE, OUTCOME_FAILED, OUTCOME_PRUNED } from '../binding.js'
import { isHomeostatError } from '../errors.js'
import { Attempt, type AttemptEnd } from './attempt.js'
import { type EvaluationContext, reasonOf } from './evaluation.js'
import type { Progress, StopReason } from './progress.js'
import { type Job, Queue } from './queue.js'
import type { Study } from './study.js'
import { type Best, type CoreOutcome, evaluated, readTrial } from './trial.js'
import type { ResolvedRun } from './validate.js'

export type Evaluate = (params: never, context: EvaluationContext) => unknown

/** Evaluations that never wait would hold the event loop: others get a turn this often. */
const BREATH_US = 10_000

export interface RunParts {
  readonly study: Study
  readonly options: ResolvedRun
  readonly evaluate: Evaluate
  warn(line: string): void
}

export class Run {
  readonly #parts: RunParts
  readonly #options: ResolvedRun
  readonly #queue: Queue
  readonly #attempts = new Set<Attempt>()
  readonly #startUs: number
  /** Wakes what waits for a retry's turn. */
  readonly #wakes = new Set<() => void>()
  #breathUs: number
  #running = 0
  #stopped: StopReason | undefined
  #failure: { error: unknown } | undefined
  #best: Best | undefined
  #sinceGain = 0
  #failures = 0
  #lastReason: string | undefined
  #listenerErrors = 0
  #settle: () => void = () => {}

  constructor(parts: RunParts) {
    this.#parts = parts
    this.#options = parts.options
    this.#startUs = parts.options.clock.nowUs()
    this.#breathUs = this.#startUs
    this.#queue = new Queue(parts.study, parts.options)
    this.#best = this.#incumbent()
  }

  get done(): number {
    return this.#queue.done
  }

  get elapsedMs(): number {
    return Math.max(0, (this.#options.clock.nowUs() - this.#startUs) / 1000)
  }

  get listenerErrors(): number {
    return this.#listenerErrors
  }

  /** Why the last failed evaluation failed. */
  get lastReason(): string | undefined {
    return this.#lastReason
  }

  /** Resolves when nothing runs any more. Rejects where the study cannot be kept, or nothing can be evaluated. */
  async run(): Promise<StopReason> {
    const { signal, stop } = this.#options
    const onAbort = (): void => this.#stop('aborted', signal?.reason)
    const timer = stop.afterMs === undefined ? undefined : setTimeout(() => this.#stop('time'), stop.afterMs)
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      const done = new Promise<void>((resolve) => {
        this.#settle = resolve
      })
      if (signal?.aborted === true) onAbort()
      this.#fill()
      await done
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    }
    if (this.#failure !== undefined) throw this.#failure.error
    return this.#stopped ?? (this.#queue.exhausted ? 'exhausted' : 'budget')
  }

  #fill(): void {
    try {
      while (this.#stopped === undefined && this.#failure === undefined && this.#running < this.#options.concurrency) {
        const job = this.#queue.next()
        if (job === undefined) break
        this.#running++
        void this.#evaluate(job)
      }
    } catch (error) {
      this.#fail(error)
    }
    if (this.#running === 0) this.#settle()
  }

  /** Never rejects. */
  async #evaluate(job: Job): Promise<void> {
    try {
      await this.#parts.study.flush()
      await this.#breathe()
      const { end, attempts } = await this.#attempt(job)
      this.#options.pruner?.end(job.trial, end.kind === 'complete')
      if (end.kind !== 'aborted') await this.#tell(job, end, attempts)
    } catch (error) {
      this.#fail(error)
    }
    this.#running--
    this.#fill()
  }

  async #attempt(job: Job): Promise<{ end: AttemptEnd; attempts: number }> {
    const { space, sign, constraints, retry, timeoutMs, graceMs, pruner } = this.#options
    const params = space.toParams(job.values) as never
    for (let attempt = 1; ; attempt++) {
      if (this.#ends) return { end: { kind: 'aborted' }, attempts: attempt }
      const running = new Attempt({
        trial: job.trial,
        attempt,
        timeoutMs,
        graceMs,
        pruner,
        sign,
        evaluate: (context) => this.#parts.evaluate(params, context),
        read: (result) => evaluated('the result of evaluate', result, sign, constraints),
      })
      this.#attempts.add(running)
      const end = await running.run()
      this.#attempts.delete(running)
      if (end.kind !== 'failed') return { end, attempts: attempt }
      if (isHomeostatError(end.error) && end.error.code === 'HOMEOSTAT_EVALUATOR_UNUSABLE') throw end.error
      if (attempt > retry.times) return { end, attempts: attempt }
      await this.#pause(retry.delayMs)
    }
  }

  async #tell(job: Job, end: Exclude<AttemptEnd, { kind: 'aborted' }>, attempts: number): Promise<void> {
    const outcome = this.#outcome(end)
    const { trial, notFinite } = this.#queue.finish(job, outcome)
    const before = this.#best?.trial
    this.#best = this.#incumbent()
    const improved = this.#best !== undefined && this.#best.trial !== before
    // Kept first, heard of then.
    await this.#parts.study.flush()
    this.#count(outcome, improved)
    this.#report({ trial, notFinite, improved, attempts })
  }

  #outcome(end: Exclude<AttemptEnd, { kind: 'aborted' }>): CoreOutcome {
    const nothing = { value: Number.NaN, margin: Number.NaN, reason: '' }
    if (end.kind === 'complete') return end.outcome
    if (end.kind === 'pruned') return { ...nothing, outcome: OUTCOME_PRUNED, value: this.#options.sign * end.value }
    this.#lastReason = reasonOf(end.error)
    return { ...nothing, outcome: OUTCOME_FAILED, reason: this.#lastReason }
  }

  /** Whether that was a reason to stop. */
  #count({ outcome, value, margin }: CoreOutcome, improved: boolean): void {
    const { stop } = this.#options
    this.#sinceGain = improved ? 0 : this.#sinceGain + 1
    this.#failures = outcome === OUTCOME_FAILED ? this.#failures + 1 : 0
    const kept = outcome === OUTCOME_COMPLETE && Number.isFinite(value) && !(margin < 0)
    if (kept && value <= stop.target) this.#stop('target')
    else if (this.#sinceGain >= stop.noGain) this.#stop('no-gain')
    else if (this.#failures >= stop.failures) this.#stop('failures')
  }

  #report(of: Pick<Progress, 'trial' | 'notFinite' | 'improved' | 'attempts'>): void {
    const { onProgress, budget, sign } = this.#options
    if (onProgress === undefined) return
    try {
      onProgress({
        ...readTrial(this.#parts.study.core, of.trial, sign),
        ...of,
        best: this.#best,
        done: this.#queue.done,
        budget,
        running: this.#running - 1,
        elapsedMs: this.elapsedMs,
      })
    } catch (error) {
      this.#listenerErrors++
      if (this.#listenerErrors === 1) this.#parts.warn(`homeostat: onProgress threw: ${reasonOf(error)}`)
    }
  }

  #incumbent(): Best | undefined {
    const { study, options } = this.#parts
    const trial = study.core.best(new Float64Array(options.space.length))
    if (trial < 0) return undefined
    if (trial === this.#best?.trial) return this.#best
    const { params, value = Number.NaN } = readTrial(study.core, trial, options.sign)
    return { trial, params, value }
  }

  get #ends(): boolean {
    return this.#stopped !== undefined || this.#failure !== undefined
  }

  #stop(reason: StopReason, why: unknown = new Error(`the run stopped: ${reason}`)): void {
    this.#stopped ??= reason
    this.#abort(why)
  }

  #fail(error: unknown): void {
    this.#failure ??= { error }
    this.#abort(error)
  }

  #abort(why: unknown): void {
    for (const attempt of this.#attempts) attempt.stop(why)
    for (const wake of this.#wakes) wake()
    if (this.#running === 0) this.#settle()
  }

  /** A wait that the end of the run cuts short. */
  #pause(ms: number): Promise<void> | undefined {
    if (ms === 0 || this.#ends) return undefined
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer)
        this.#wakes.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, ms)
      this.#wakes.add(wake)
    })
  }

  #breathe(): Promise<void> | undefined {
    const nowUs = this.#options.clock.nowUs()
    if (Math.abs(nowUs - this.#breathUs) < BREATH_US) return undefined
    this.#breathUs = nowUs
    return new Promise((resolve) => setTimeout(resolve, 0))
  }
}
