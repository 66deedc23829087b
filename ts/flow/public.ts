/**
 * What every entry of `homeostat/flow` exports besides the functions that need a core.
 */
export type { Clock } from '../clock.js'
export { HomeostatError, type HomeostatErrorCode, isHomeostatError } from '../errors.js'
export type { CallContext, CallOptions } from '../resilience/call.js'
export { AbortedError, RefusedError, TimeoutError } from '../resilience/errors.js'
export type { Failure, Outcome, OutcomeCode, Reason, Success } from '../resilience/outcome.js'
export type { DurationInput } from '../units.js'
export type { SchedulerOptions } from './facade.js'
export type { PipelineQueue, QueueOptions } from './options.js'
export type {
  Dropped,
  Enqueued,
  ItemOptions,
  Queue,
  QueueEvents,
  QueueRefusal,
  SoloQueueOptions,
  Ticket,
} from './queue.js'
export type { Scheduler, SchedulerStats } from './scheduler.js'
export { type Capacity, type Shedder, shedder } from './shedder.js'
