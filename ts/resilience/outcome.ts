/**
 * How a protected call ended, as a value. A refusal is one of them: it costs no exception, and its code is stable.
 */

/** Why there is no value, and the code that the error of the throwing form carries. */
export const REASON_CODES = {
  /** The work threw, or its promise was rejected; `error` is what it threw, and the throwing form throws that itself. */
  failed: 'HOMEOSTAT_FAILED',
  /** The circuit is open. */
  open: 'HOMEOSTAT_OPEN',
  /** The circuit is half-open, and every probe is out. */
  probing: 'HOMEOSTAT_OPEN',
  /** An operator holds the circuit open. */
  'forced-open': 'HOMEOSTAT_OPEN',
  /** The concurrency limit is reached. */
  limit: 'HOMEOSTAT_LIMITED',
  /** Load of this tier is shed. */
  shed: 'HOMEOSTAT_SHED',
  /** A bulkhead or a queue is full. */
  full: 'HOMEOSTAT_FULL',
  /** Waited longer than it may. */
  waited: 'HOMEOSTAT_FULL',
  /** Made room for what matters more. */
  evicted: 'HOMEOSTAT_FULL',
  /** Its deadline passed before it was started. */
  deadline: 'HOMEOSTAT_DEADLINE',
  /** What it waited for was closed. */
  closed: 'HOMEOSTAT_CLOSED',
  /** More permits are out than there is room for. */
  capacity: 'HOMEOSTAT_CAPACITY',
  /** The component was forgotten. */
  unknown: 'HOMEOSTAT_UNKNOWN_COMPONENT',
  /** It took too long. */
  timeout: 'HOMEOSTAT_TIMEOUT',
  /** The caller's signal was aborted; `error` is the signal's reason. */
  aborted: 'HOMEOSTAT_ABORTED',
} as const

export type Reason = keyof typeof REASON_CODES
export type OutcomeCode = (typeof REASON_CODES)[Reason]

export interface Success<T> {
  readonly ok: true
  readonly value: T
}

export interface Failure {
  readonly ok: false
  readonly reason: Reason
  readonly code: OutcomeCode
  /** When it is worth trying again, in milliseconds: 0 where nothing is known, infinite while an operator holds a circuit open. */
  readonly retryAfterMs: number
  /** What the work threw, or why the signal was aborted. */
  readonly error: unknown
  /** Name of the policy that refused, where it has one. */
  readonly by: string | undefined
}

export type Outcome<T> = Success<T> | Failure

export function success<T>(value: T): Success<T> {
  return { ok: true, value }
}

export function failure(reason: Reason, by?: string, retryAfterMs = 0, error?: unknown): Failure {
  return { ok: false, reason, code: REASON_CODES[reason], retryAfterMs, error, by }
}

/** Whether the work was never started, or not to its end, for want of admission: says nothing about the dependency. */
export function isRefusal({ reason }: Failure): boolean {
  return reason !== 'failed' && reason !== 'timeout' && reason !== 'aborted'
}
