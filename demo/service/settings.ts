/**
 * The four settings of the service. Both instances have all of them; one keeps the defaults, the other's `ttlMs` and
 * `lingerMs` are moved by the tuner. Each is read when it is needed, so that a change takes effect at once.
 */
export interface Settings {
  /** How old an entry of the cache may be and still be served, in ms. */
  readonly ttlMs: number
  /** How long the first key of a batch waits for others, in ms. 0: until the end of the tick, DataLoader's default. */
  readonly lingerMs: number
  /** Most keys in one query. DataLoader's default is no limit. */
  readonly batchSize: number
  /** Most queries at once. 10 is the default of pg's pool. */
  readonly inFlight: number
}

export const LIBRARY_DEFAULTS = { lingerMs: 0, batchSize: Number.POSITIVE_INFINITY, inFlight: 10 } as const

/** Bounds of the tuned database knob: from the library's default to what still keeps an answer well under the timeout. */
export const LINGER_BOUNDS_MS = { min: 0, max: 100 } as const
