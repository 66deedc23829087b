/**
 * What the throwing form of a protected call throws where it was refused. Compare `code`: it is that of the outcome.
 */
import { HomeostatError } from '../errors.js'
import type { Failure, OutcomeCode, Reason } from './outcome.js'

/** A call that was refused, timed out or aborted. */
export class RefusedError extends HomeostatError {
  declare readonly code: OutcomeCode
  readonly reason: Reason
  /** When it is worth trying again, in milliseconds; 0 where nothing is known. */
  readonly retryAfterMs: number

  constructor(failure: Failure, text: string) {
    const who = failure.by === undefined ? '' : `${failure.by}: `
    super(failure.code, who + text, failure.error === undefined ? {} : { cause: failure.error })
    this.name = new.target.name
    this.reason = failure.reason
    this.retryAfterMs = failure.retryAfterMs
  }
}

/** `HOMEOSTAT_OPEN` */
export class OpenCircuitError extends RefusedError {}
/** `HOMEOSTAT_TIMEOUT` */
export class TimeoutError extends RefusedError {}
/** `HOMEOSTAT_ABORTED`; its name is that of every abort, its cause the signal's reason. */
export class AbortedError extends RefusedError {
  constructor(failure: Failure, text: string) {
    super(failure, text)
    this.name = 'AbortError'
  }
}

const TEXTS: Record<Exclude<Reason, 'failed'>, string> = {
  open: 'the circuit is open',
  probing: 'the circuit is half-open and its probes are out',
  'forced-open': 'an operator holds the circuit open',
  limit: 'the concurrency limit is reached',
  shed: 'load of this tier is shed',
  full: 'there is no room',
  waited: 'it waited for too long',
  evicted: 'it made room for what matters more',
  deadline: 'its deadline passed before it was started',
  closed: 'what it waited for was closed',
  capacity: 'there is no room for another permit',
  unknown: 'the component is not known any more',
  timeout: 'it took too long',
  aborted: 'the call was aborted',
}

/** What the throwing form throws: what the work threw, else an error with the outcome's code. */
export function errorOf(failure: Failure): unknown {
  const { reason } = failure
  if (reason === 'failed') return failure.error
  const { retryAfterMs: after } = failure
  const text =
    after > 0 && Number.isFinite(after) ? `${TEXTS[reason]}; try again in ${Math.ceil(after)} ms` : TEXTS[reason]
  switch (failure.code) {
    case 'HOMEOSTAT_OPEN':
      return new OpenCircuitError(failure, text)
    case 'HOMEOSTAT_TIMEOUT':
      return new TimeoutError(failure, text)
    case 'HOMEOSTAT_ABORTED':
      return new AbortedError(failure, text)
    default:
      return new RefusedError(failure, text)
  }
}
