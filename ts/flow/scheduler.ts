/**
 * Runs calls as many at once as its concurrency says, and lets the others wait in a queue of five tiers.
 *
 * A policy like any other: `execute`, `try`, `wrap`, `compose`. A call that is refused, makes room for others, or whose deadline
 * passes is an outcome with a code and was never started; one that its caller aborts leaves the queue at once.
 */
import type { Clock } from '../clock.js'
import type { Call } from '../resilience/call.js'
import type { Next } from '../resilience/leaf.js'
import { endOf, type Limiter } from '../resilience/limiter.js'
import { failure, type Outcome, type Reason } from '../resilience/outcome.js'
import { Policy } from '../resilience/policy.js'
import { NOTHING, type Queue, type QueueEvents } from './queue.js'

/** A call that waits. */
interface Job {
  readonly next: Next
  readonly call: Call
  readonly resolve: (outcome: Outcome<unknown>) => void
  /** Stops listening to its signal. */
  off: (() => void) | undefined
}

export interface SchedulerStats {
  readonly running: number
  readonly waiting: number
  /** Since the start: calls that were not taken in, and calls that left without being started. */
  readonly refused: number
  readonly dropped: number
}

/** A limiter that is shared may be used up by others; then it is asked again after so long. */
const ASK_AGAIN_MS = 10

const REFUSED: Readonly<Record<number, Reason>> = { [-1]: 'full', [-2]: 'full', [-3]: 'deadline' }

export class Scheduler extends Policy {
  readonly #queue: Queue<Job>
  readonly #clock: Clock
  /** How many run at once; infinite: as many as the limiter says. */
  readonly #slots: number
  readonly #limiter: Limiter | undefined
  #running = 0
  #refused = 0
  #dropped = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(queue: Queue<unknown>, clock: Clock, concurrency: number | Limiter) {
    super()
    this.#queue = queue as Queue<Job>
    this.#clock = clock
    this.#slots = typeof concurrency === 'number' ? concurrency : Number.POSITIVE_INFINITY
    this.#limiter = typeof concurrency === 'number' ? undefined : concurrency
    this.#queue.onDropped = (job, reason) => {
      this.#dropped++
      job.off?.()
      job.resolve(failure(reason))
    }
  }

  run(next: Next, call: Call): Promise<Outcome<unknown>> {
    if (call.cancelled) return Promise.resolve(failure('aborted', undefined, 0, call.reason))
    // Those who wait are first; asking the limiter also tells it that there is more to do than it lets through.
    const permit = this.#queue.size === 0 ? this.#admit() : -1
    if (permit >= 0) return this.#start(next, call, permit)
    return new Promise((resolve) => {
      const job: Job = { next, call, resolve, off: undefined }
      const nowUs = this.#clock.nowUs()
      const ticket = this.#queue.push(job, call.tier, nowUs + call.startWithinMs * 1000, nowUs)
      if (ticket < 0) {
        this.#refused++
        resolve(failure(REFUSED[ticket] ?? 'full'))
        return
      }
      if (call.cancellable) {
        job.off = call.onCancel(() => {
          if (this.#queue.cancel(ticket)) resolve(failure('aborted', undefined, 0, call.reason))
        })
      }
      if (this.#running === 0) this.#askAgain()
    })
  }

  /** A permit to run one more, or a number below 0. */
  #admit(): number {
    if (this.#running >= this.#slots) return -1
    return this.#limiter === undefined ? 0 : this.#limiter.tryAcquire()
  }

  async #start(next: Next, call: Call, permit: number): Promise<Outcome<unknown>> {
    this.#running++
    const outcome = await next(call)
    this.#running--
    this.#limiter?.release(permit, endOf(outcome))
    this.#fill()
    return outcome
  }

  #fill(): void {
    while (this.#queue.size > 0 && this.#running < Math.min(this.#slots, this.#limiter?.limit ?? this.#slots)) {
      const permit = this.#admit()
      if (permit < 0) break
      const job = this.#queue.take()
      if (job === NOTHING) {
        this.#limiter?.ignore(permit)
        break
      }
      job.off?.()
      void this.#start(job.next, job.call, permit).then(job.resolve)
    }
    if (this.#running === 0 && this.#queue.size > 0) this.#askAgain()
  }

  #askAgain(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#fill()
    }, ASK_AGAIN_MS)
  }

  get stats(): SchedulerStats {
    return { running: this.#running, waiting: this.#queue.size, refused: this.#refused, dropped: this.#dropped }
  }

  /** What upstream should send, as a share of the usual: 1, 0.7, 0.3 or 0.1; with hysteresis. */
  get capacity(): number {
    return this.#queue.capacity
  }

  /** Hears of lost and regained capacity; returns how to stop. */
  on(event: 'capacity', listener: (event: QueueEvents<never>['capacity']) => unknown): () => void {
    return this.#queue.on(event, listener)
  }

  /** Calls that wait are told that it is closed; those that run go on. */
  close(): void {
    clearTimeout(this.#timer)
    this.#queue.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
