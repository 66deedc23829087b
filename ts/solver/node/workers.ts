/**
 * Evaluates in worker threads, so that evaluations that compute run side by side and can be ended at any point.
 *
 * A thread evaluates one point at a time. One that is given up (its time is over, the run ends, it was pruned), dies, or exits is
 * replaced; the evaluation that it was at has failed. Threads start when they are needed and do not keep the process alive while
 * they have nothing to do. What a thread takes to start and to load the module is part of its first evaluation's time.
 */
import { availableParallelism } from 'node:os'
import process from 'node:process'
import { Worker } from 'node:worker_threads'
import { HomeostatError, invalid } from '../../errors.js'
import * as check from '../../schema/checks.js'
import { type EvaluationContext, type Evaluator, failedEvaluation, unusableEvaluator } from '../evaluation.js'
import { WORKER_SOURCE } from './worker-source.js'

/** What a module for `workers()` exports. Its `context.signal` is never aborted: an evaluation that is given up ends with its thread. */
export type WorkerEvaluation = (params: never, context: EvaluationContext) => unknown

export interface WorkersOptions<N extends string = 'default'> {
  /** Threads, and evaluations at once. 1 to 256; default: as many as there are processors. */
  size?: number
  /** Which export of the module evaluates. Default `default`. */
  name?: N
  /** Passed to the threads, as `execArgv` of a worker. */
  execArgv?: readonly string[]
  /** Variables over those of this process. */
  env?: Readonly<Record<string, string>>
}

export interface WorkerPool<P = unknown, R = never> extends Evaluator<P, R> {
  /** Ends the threads; evaluations that run fail. Safe to call twice. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

type Evaluation<M, N extends string> = M extends { readonly [E in N]: (params: infer P, ...rest: never[]) => infer R }
  ? WorkerPool<P, Awaited<R>>
  : WorkerPool

const OPTIONS = ['size', 'name', 'execArgv', 'env'] as const

/**
 * An evaluation in worker threads, by a module whose default export takes params and context as `minimize`'s function does:
 * `minimize(workers(new URL('./evaluate.js', import.meta.url), { size: 4 }), { space })`. With
 * `workers<typeof import('./evaluate.js')>(…)` its types are those of the module. Throws `HOMEOSTAT_INVALID_OPTION`; its evaluations
 * throw `HOMEOSTAT_EVALUATION_FAILED`, or `HOMEOSTAT_EVALUATOR_UNUSABLE` where the module cannot be loaded.
 */
export function workers<M = unknown, const N extends string = 'default'>(
  url: URL | string,
  options: WorkersOptions<N> = {},
): Evaluation<M, N> {
  const o = check.object('options', options) as WorkersOptions
  check.onlyKeys('', o, OPTIONS)
  const href = moduleUrl(url)
  const size = check.number('size', o.size, { min: 1, max: 256, whole: true, fallback: availableParallelism() })
  const pool = new Pool(size, () => {
    const { execArgv, env } = o
    return new Worker(WORKER_SOURCE, {
      eval: true,
      workerData: { url: href, name: o.name ?? 'default' },
      ...(execArgv === undefined ? {} : { execArgv: [...execArgv] }),
      ...(env === undefined ? {} : { env: { ...process.env, ...env } }),
    })
  })
  const evaluate = (params: unknown, context: EvaluationContext): Promise<unknown> => pool.evaluate(params, context)
  const close = (): Promise<void> => pool.close()
  return Object.assign(evaluate, { concurrency: size, close, [Symbol.asyncDispose]: close }) as unknown as Evaluation<
    M,
    N
  >
}

function moduleUrl(url: unknown): string {
  const href = url instanceof URL ? url.href : url
  if (typeof href === 'string' && URL.canParse(href)) return href
  throw invalid('url', "a module's URL, such as new URL('./evaluate.js', import.meta.url)", url)
}

interface Task {
  readonly params: unknown
  readonly context: EvaluationContext
  resolve(value: unknown): void
  reject(error: unknown): void
}

interface Message {
  readonly ready?: boolean
  readonly unusable?: string
  readonly id?: number
  readonly report?: [number] | [number, number]
  readonly value?: unknown
  readonly error?: { readonly name: string; readonly message: string; readonly stack?: string; readonly code?: unknown }
}

class Pool {
  readonly #size: number
  readonly #start: () => Worker
  readonly #idle: Thread[] = []
  readonly #all = new Set<Thread>()
  readonly #waiting: Task[] = []
  #closed = false

  constructor(size: number, start: () => Worker) {
    this.#size = size
    this.#start = start
  }

  evaluate(params: unknown, context: EvaluationContext): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new HomeostatError('HOMEOSTAT_CLOSED', 'these workers were closed'))
      if (context.signal.aborted) return reject(context.signal.reason)
      const task: Task = { params, context, resolve, reject }
      this.#waiting.push(task)
      // Given up before its turn.
      context.signal.addEventListener('abort', () => this.#withdraw(task), { once: true })
      this.#next()
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    const error = new HomeostatError('HOMEOSTAT_CLOSED', 'these workers were closed')
    for (const task of this.#waiting.splice(0)) task.reject(error)
    await Promise.all([...this.#all].map((thread) => thread.end(error)))
  }

  #withdraw(task: Task): void {
    const at = this.#waiting.indexOf(task)
    if (at < 0) return
    this.#waiting.splice(at, 1)
    task.reject(task.context.signal.reason)
  }

  #next(): void {
    while (this.#waiting.length > 0) {
      const thread = this.#idle.pop() ?? (this.#all.size < this.#size ? this.#add() : undefined)
      if (thread === undefined) return
      thread.run(this.#waiting.shift() as Task)
    }
  }

  #add(): Thread {
    const thread = new Thread(this.#start(), {
      idle: () => {
        this.#idle.push(thread)
        this.#next()
      },
      gone: () => {
        this.#all.delete(thread)
        const at = this.#idle.indexOf(thread)
        if (at >= 0) this.#idle.splice(at, 1)
        this.#next()
      },
    })
    this.#all.add(thread)
    return thread
  }
}

interface Events {
  /** It may evaluate again. */
  idle(): void
  /** It has ended, for whatever reason. */
  gone(): void
}

class Thread {
  readonly #worker: Worker
  readonly #events: Events
  readonly #gone: Promise<void>
  #task: Task | undefined
  #release: () => void = () => {}
  #id = 0
  #ready = false
  #post: () => void = () => {}
  /** Why it cannot evaluate at all. */
  #unusable: string | undefined
  #death: unknown

  constructor(worker: Worker, events: Events) {
    this.#worker = worker
    this.#events = events
    worker.unref()
    worker.on('message', (message: Message) => this.#hear(message))
    worker.on('error', (error) => {
      this.#death = failedEvaluation(
        `its thread died: ${error instanceof Error ? error.message : String(error)}`,
        error,
      )
    })
    this.#gone = new Promise((resolve) => {
      worker.once('exit', (status) => {
        this.#death ??= failedEvaluation(`its thread ended with status ${status}`)
        this.#fail(this.#unusable === undefined ? this.#death : unusableEvaluator(`the module ${this.#unusable}`))
        events.gone()
        resolve()
      })
    })
  }

  run(task: Task): void {
    this.#task = task
    this.#id++
    const { params, context } = task
    const onAbort = (): void => void this.end(context.signal.reason)
    context.signal.addEventListener('abort', onAbort, { once: true })
    this.#release = () => context.signal.removeEventListener('abort', onAbort)
    // A run that waits for a thread is a reason to stay alive.
    this.#worker.ref()
    this.#post = () =>
      this.#worker.postMessage({ id: this.#id, params, trial: context.trial, attempt: context.attempt })
    // Not every runtime keeps messages that come before somebody listens.
    if (this.#ready) this.#post()
  }

  /** Ends the thread; what it evaluates fails with this. */
  async end(error: unknown): Promise<void> {
    this.#death ??= error
    void this.#worker.terminate()
    await this.#gone
  }

  #hear(message: Message): void {
    if (message.unusable !== undefined) {
      this.#unusable = message.unusable
      void this.#worker.terminate()
    }
    if (message.ready === true) {
      this.#ready = true
      if (this.#task !== undefined) this.#post()
    }
    const task = this.#task
    if (task === undefined || message.id !== this.#id) return
    if (message.report !== undefined) {
      this.#report(task, message.report)
      return
    }
    this.#done()
    if (message.error === undefined) task.resolve(message.value)
    else task.reject(Object.assign(new Error(message.error.message), message.error))
    this.#events.idle()
  }

  /** Pruned: the thread may be deep in a computation, so that it is ended with it. */
  #report(task: Task, report: [number] | [number, number]): void {
    try {
      if (report.length === 1) task.context.report(report[0])
      else task.context.report(report[0], report[1])
    } catch (error) {
      void this.end(error)
    }
  }

  #fail(error: unknown): void {
    const task = this.#task
    this.#done()
    task?.reject(error)
  }

  #done(): void {
    this.#release()
    this.#task = undefined
    this.#worker.unref()
  }
}
