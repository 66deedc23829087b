/**
 * The same flow for every runtime: an entry makes it from its host and exports what it gives. The core is that of
 * `homeostat/resilience`.
 */
import { invalid } from '../errors.js'
import { Loader, type Ready } from '../ready.js'
import type { ReflexHost } from '../resilience/host.js'
import { Limiter, type LimiterOptions, type LimitKind, limiterConfig } from '../resilience/limiter.js'
import { resolveClock } from '../resilience/resolve.js'
import * as check from '../schema/checks.js'
import { type PipelineQueue, QUEUE_KEYS, type QueueOptions, resolveQueue } from './options.js'
import { Queue, type SoloQueueOptions } from './queue.js'
import { Scheduler } from './scheduler.js'

export interface SchedulerOptions extends SoloQueueOptions {
  /** Calls that run at once: a number, a limiter of one's own, or how the limit finds itself. Default `adaptive`. */
  readonly concurrency?: number | LimitKind | LimiterOptions | Limiter | undefined
}

export interface FlowFacade {
  readonly ready: Ready
  /**
   * A bounded queue of five tiers for items of your own; its name may be one of the kernel pipeline's. In browsers and on the edge
   * after `ready()`, else `HOMEOSTAT_NOT_READY`.
   */
  queue<T>(options?: SoloQueueOptions | PipelineQueue): Queue<T>
  /** Runs calls, a bounded number at once, and lets the others wait in such a queue. After `ready()`, as `queue()`. */
  scheduler(options?: SchedulerOptions): Scheduler
}

export function makeFlowFacade(host: ReflexHost): FlowFacade {
  const loader = new Loader(host)
  function queue<T>(given: SoloQueueOptions | PipelineQueue = {}): Queue<T> {
    const { clock, ...options } = typeof given === 'string' ? { clock: undefined } : check.object('queue', given)
    check.onlyKeys('queue', options, QUEUE_KEYS)
    const { config, depth } = resolveQueue(typeof given === 'string' ? given : (options as QueueOptions))
    const time = resolveClock(clock)
    return new Queue<T>(loader.need('queue()').createQueue(config), time, depth)
  }
  return {
    ready: async (source) => {
      await loader.load(source)
    },
    queue,
    scheduler: (given = {}) => {
      const { concurrency = 'adaptive', ...options } = check.object('scheduler', given) as SchedulerOptions
      const clock = resolveClock(options.clock)
      const limit = concurrencyOf(
        concurrency,
        (config) => new Limiter(loader.need('scheduler()').createLimiter(config), clock, undefined),
      )
      return new Scheduler(queue(options), clock, limit)
    },
  }
}

function concurrencyOf(
  given: NonNullable<SchedulerOptions['concurrency']>,
  make: (config: string) => Limiter,
): number | Limiter {
  if (given instanceof Limiter) return given
  if (typeof given === 'number') return check.number('scheduler.concurrency', given, { min: 1, max: 1e6, whole: true })
  if (typeof given !== 'string' && (typeof given !== 'object' || given === null))
    throw invalid('scheduler.concurrency', 'a number, a limiter or its options', given)
  return make(JSON.stringify(limiterConfig('scheduler.concurrency', given)))
}
