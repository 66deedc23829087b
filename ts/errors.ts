/**
 * Errors of Homeostat. Tests and callers rely on `code`; the message is for people and names the option, the allowed
 * range and the received value. A brand (not `instanceof`) recognises them, so that two copies of the package agree.
 */
const BRAND = Symbol.for('homeostat.error')

/** Codes that the façade itself raises. The core adds `HOMEOSTAT_INVALID_*`, `HOMEOSTAT_DIGEST_*` and `HOMEOSTAT_CLOSED`. */
export type HomeostatErrorCode =
  | 'HOMEOSTAT_INVALID_OPTION'
  | 'HOMEOSTAT_INVALID_BOUNDS'
  | 'HOMEOSTAT_INVALID_SCALE'
  | 'HOMEOSTAT_INVALID_NAME'
  | 'HOMEOSTAT_INVALID_HANDLE'
  | 'HOMEOSTAT_UNKNOWN_OPTION'
  | 'HOMEOSTAT_UNKNOWN_KNOB'
  | 'HOMEOSTAT_UNKNOWN_SIGNAL'
  | 'HOMEOSTAT_DUPLICATE_NAME'
  | 'HOMEOSTAT_NOT_READY'
  | 'HOMEOSTAT_CLOSED'
  | 'HOMEOSTAT_PANIC'
  | 'HOMEOSTAT_INTERNAL'
  | 'HOMEOSTAT_NO_BINDING'
  | 'HOMEOSTAT_NO_LANE'
  | 'HOMEOSTAT_NO_SHARED_MEMORY'
  | 'HOMEOSTAT_SNAPSHOT_BUSY'
  | 'HOMEOSTAT_OBJECTIVE_FAILED'
  | 'HOMEOSTAT_UNSUPPORTED'
  | 'HOMEOSTAT_JOURNAL_LOCKED'
  | 'HOMEOSTAT_JOURNAL_IO'
  | (`HOMEOSTAT_${string}` & {})

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
