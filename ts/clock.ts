/**
 * The only file that reads a clock. Everything else receives a {@link Clock}.
 */

/** A monotonic clock. Only differences mean anything; the origin is arbitrary and differs between threads. */
export interface Clock {
  /** Microseconds, a finite number that should not decrease. A clock that jumps is survived and counted. */
  nowUs(): number
}

/** The runtime's monotonic clock. */
export const systemClock: Clock = {
  nowUs: () => Math.floor(performance.now() * 1000),
}

/** Wall time in milliseconds since the epoch, for display and file names only: it may step back. */
export function wallTimeMs(): number {
  return Date.now()
}
