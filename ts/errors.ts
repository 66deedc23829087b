/**
 * Errors of Homeostat. Tests and callers rely on `code`; the message is for people and names the option, the allowed
 * range and the received value. A brand (not `instanceof`) recognises them, so that two copies of the package agree.
 */
import type { CORE_CODES } from './generated/core.js'

const BRAND = Symbol.for('homeostat.error')

/**
 * Codes that the façade itself raises, as errors or as `trouble`, with their meaning. The core's are in `generated/core.ts`;
 * a test compares both tables with what the code says.
 */
export const FACADE_CODES = {
  HOMEOSTAT_ABORTED: 'The caller’s signal was aborted.',
  HOMEOSTAT_APPLY_FAILED: 'An `apply` threw, or its promise was rejected.',
  HOMEOSTAT_APPLY_TIMEOUT: 'An `apply` took longer than `applyTimeout`.',
  HOMEOSTAT_CAPACITY: 'There is no room for another permit or component.',
  HOMEOSTAT_CLOCK_JUMPED: 'The clock went back, was not a number, or leapt ahead.',
  HOMEOSTAT_COARSE_KNOB: 'One step of a knob’s grid is larger than the guardrails let an update move.',
  HOMEOSTAT_CONTROL_FILE: 'The control file cannot be read, or is none of its words.',
  HOMEOSTAT_CONTROL_PENDING: 'The kill switch waits until the journal has room.',
  HOMEOSTAT_DEADLINE: 'The deadline of a call passed before it was started.',
  HOMEOSTAT_DUPLICATE_NAME: 'Two things have the same name.',
  HOMEOSTAT_EVALUATION_FAILED: 'An evaluation gave no value; the message is why.',
  HOMEOSTAT_EVALUATOR_UNUSABLE: 'A program or module that evaluates cannot be started at all.',
  HOMEOSTAT_FAILED: 'The work of a call threw; the outcome has what it threw.',
  HOMEOSTAT_FILE: 'A file that a command needs cannot be read or written.',
  HOMEOSTAT_FULL: 'A bulkhead or a queue is full.',
  HOMEOSTAT_INTERNAL: 'The core failed in a way that has no code. This is a defect.',
  HOMEOSTAT_INVALID_BOUNDS: 'A knob’s bounds or initial value are unusable.',
  HOMEOSTAT_INVALID_HANDLE: 'A handle is not one of this tuner, or of this version.',
  HOMEOSTAT_INVALID_IMPORT: 'Results to import are malformed or do not fit the knobs.',
  HOMEOSTAT_INVALID_NAME: 'A name has characters that names cannot have.',
  HOMEOSTAT_INVALID_REQUEST: 'A request is no object with a command.',
  HOMEOSTAT_INVALID_SCALE: 'A scale does not fit its bounds or kind.',
  HOMEOSTAT_JOURNAL_IO: 'The journal cannot be written.',
  HOMEOSTAT_JOURNAL_LOCKED: 'Another process has the journal’s folder.',
  HOMEOSTAT_JOURNAL_UNCLEAN: 'The run before did not end with a stop.',
  HOMEOSTAT_LIMITED: 'A concurrency limit is reached.',
  HOMEOSTAT_LINE_TOO_LONG: 'A line of the input is longer than a line may be.',
  HOMEOSTAT_MODE_PENDING: 'A mode that was asked for waits until the journal has room.',
  HOMEOSTAT_NOT_READY: 'The core is not loaded yet.',
  HOMEOSTAT_NO_BINDING: 'Neither the native nor the WebAssembly core could be loaded.',
  HOMEOSTAT_NO_LANE: 'More threads report samples than `lanes` has room for.',
  HOMEOSTAT_NO_SHARED_MEMORY: 'This runtime cannot share memory.',
  HOMEOSTAT_OBJECTIVE_FAILED: 'The objective threw, or was not finite.',
  HOMEOSTAT_OPEN: 'A circuit is open, or its probes are out.',
  HOMEOSTAT_SERVER_REFUSED: 'A server refused a request; the message is its reason.',
  HOMEOSTAT_SERVER_UNREACHABLE: 'A server does not answer.',
  HOMEOSTAT_SHADOW_BLIND: 'Some candidates of a shadow evaluation never had a cost, so that the knob is not tuned.',
  HOMEOSTAT_SHED: 'Load of this tier is shed.',
  HOMEOSTAT_SNAPSHOT_BUSY: 'No consistent snapshot could be had in time.',
  HOMEOSTAT_STORAGE_BUSY: 'A store is locked by another process for longer than was waited for.',
  HOMEOSTAT_STORAGE_CONFLICT: 'A stored item was changed by somebody else since it was read.',
  HOMEOSTAT_STORAGE_CORRUPT: 'What a store holds is damaged.',
  HOMEOSTAT_STORAGE_CREDENTIALS: 'A store refuses the user, the password or the key.',
  HOMEOSTAT_STORAGE_DRIVER: 'The package that talks to a store is not installed.',
  HOMEOSTAT_STORAGE_FENCED: 'Another process has taken over the log that this one wrote.',
  HOMEOSTAT_STORAGE_FULL: 'A store has no room left.',
  HOMEOSTAT_STORAGE_IO: 'A store failed; the message is why.',
  HOMEOSTAT_STORAGE_LOCKED: 'Another process writes this log.',
  HOMEOSTAT_STORAGE_MISSING: 'There is no database or bucket of this name.',
  HOMEOSTAT_STORAGE_NEWER: 'A newer version of the package made what is stored.',
  HOMEOSTAT_STORAGE_OLD: 'A database’s server is older than the oldest that is supported.',
  HOMEOSTAT_STORAGE_READ_ONLY: 'A store cannot be written to.',
  HOMEOSTAT_STORAGE_UNREACHABLE: 'A store does not answer.',
  HOMEOSTAT_STORAGE_URL: 'A store’s URL is none, or of no kind that is known.',
  HOMEOSTAT_STUDY_CHANGED: 'Something else than Homeostat changed a study’s file.',
  HOMEOSTAT_STUDY_CONFIG: 'A study was made with another configuration.',
  HOMEOSTAT_STUDY_EMPTY: 'A file holds no study yet.',
  HOMEOSTAT_STUDY_EXHAUSTED: 'The budget is used up, or every point of a finite space was asked for.',
  HOMEOSTAT_STUDY_FORMAT: 'A file is not a study.',
  HOMEOSTAT_STUDY_IO: 'A study cannot be read or written.',
  HOMEOSTAT_STUDY_LOCKED: 'Another process holds the study.',
  HOMEOSTAT_STUDY_MISSING: 'There is no study of this name.',
  HOMEOSTAT_STUDY_NO_RESULT: 'No evaluation has succeeded yet.',
  HOMEOSTAT_TIMEOUT: 'A call took too long.',
  HOMEOSTAT_UNKNOWN_COMMAND: 'No command has this name.',
  HOMEOSTAT_UNKNOWN_COMPONENT: 'A component is not known any more.',
  HOMEOSTAT_UNKNOWN_OPTION: 'No option has this name.',
  HOMEOSTAT_UNKNOWN_POINT: 'A result came for a point that was never asked for.',
  HOMEOSTAT_UNSUPPORTED: 'This runtime does not have what was asked for.',
  HOMEOSTAT_USAGE: 'A command was called with arguments that it does not take.',
} as const

/** Stable codes of errors; compare these, never messages. */
export type HomeostatErrorCode = keyof typeof CORE_CODES | keyof typeof FACADE_CODES | (`HOMEOSTAT_${string}` & {})

export interface HomeostatErrorDetails {
  /** Path of the option at fault, for example `knobs.ttl.min`. */
  option?: string | undefined
  /** What is allowed, for people. */
  range?: string | undefined
  /** What was given. */
  received?: unknown
  cause?: unknown
}

/** Every error that Homeostat throws. Compare `code`, which is stable, never the message. */
export class HomeostatError extends Error {
  readonly code: HomeostatErrorCode
  /** Path of the option at fault, where there is one. */
  readonly option: string | undefined
  /** What would have been allowed, where that can be said. */
  readonly range: string | undefined
  /** The value that was refused, where there is one. */
  readonly received: unknown

  constructor(code: HomeostatErrorCode, message: string, details: HomeostatErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'HomeostatError'
    this.code = code
    this.option = details.option
    this.range = details.range
    this.received = details.received
    Object.defineProperty(this, BRAND, { value: true })
  }
}

/** Whether `error` is a {@link HomeostatError}, of this copy of the package or of another one. */
export function isHomeostatError(error: unknown): error is HomeostatError {
  return typeof error === 'object' && error !== null && (error as Record<symbol, unknown>)[BRAND] === true
}

/** Prints a received value on one bounded line. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 64 ? `${value.slice(0, 64)}…` : value)
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'symbol') return value.toString()
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'object' && value !== null) {
    try {
      const text = JSON.stringify(value) ?? Object.prototype.toString.call(value)
      return text.length > 64 ? `${text.slice(0, 64)}…` : text
    } catch {
      return Object.prototype.toString.call(value)
    }
  }
  return String(value)
}

/** An option outside its range: the message names option, range and value. */
export function invalid(
  option: string,
  range: string,
  received: unknown,
  code: HomeostatErrorCode = 'HOMEOSTAT_INVALID_OPTION',
): HomeostatError {
  return new HomeostatError(code, `${option} must be ${range}, received ${show(received)}`, { option, range, received })
}

const CORE_MESSAGE = /^(HOMEOSTAT_[A-Z0-9_]+): ([\s\S]*)$/

/** Turns what the core threw (`HOMEOSTAT_CODE: text`) into a {@link HomeostatError}; anything else becomes `HOMEOSTAT_INTERNAL`. */
export function fromCore(error: unknown): HomeostatError {
  if (isHomeostatError(error)) return error
  const text = error instanceof Error ? error.message : String(error)
  const match = CORE_MESSAGE.exec(text)
  if (match) return new HomeostatError(match[1] as HomeostatErrorCode, match[2] as string, { cause: error })
  return new HomeostatError('HOMEOSTAT_INTERNAL', `the core failed: ${text}`, { cause: error })
}
