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

// Looked up once: as a property of the global object it is an accessor, which costs as much as a quarter of the reading.
const timer = performance

/** The same for what is asked for every request: fractions of a microsecond are left to whoever cannot have them. */
export const requestClock: Clock = {
  nowUs: () => timer.now() * 1000,
}

/** Wall time in milliseconds since the epoch, for display and file names only: it may step back. */
export function wallTimeMs(): number {
  return Date.now()
}
