/** Options that cross the seam of the reflex, as JSON. Durations are in microseconds. */
/** Options of a breaker. Where `null` is allowed it turns that limit off. Limits are inclusive. */
export interface BreakerOptions {
  /** Defaults of one of the kernel pipeline's stages: compile 5 failures in 60 s, validate 3 in 30 s, store 10 in 120 s. */
  stage?: 'compile' | 'validate' | 'store'
  /** The rates are taken over the last so many calls, 1 to 1e6. Give this or `window_us`. */
  window_calls?: number
  /** The rates are taken over this time, 1e3 to 8.64e10. Default 30e6. Covers between 95 and 100 % of it. */
  window_us?: number
  /** Calls in the window before a rate counts, 1 to 1e6. Default 20. */
  minimum_calls?: number
  /** Share of failures at which it opens, above 0 to 1. Default 0.5. */
  failure_rate?: number | null
  /** Share of slow calls at which it opens, above 0 to 1; only with `slow_us`. Default 0.8. */
  slow_rate?: number | null
  /** From this duration on a call is slow, 1 to 8.64e10: counted as soon as it is, while it is still in flight. Default: none. */
  slow_us?: number | null
  /** Failures in a row at which it opens, 1 to 1e6. Default: none. */
  consecutive?: number | null
  /** Failures in the window at which it opens, whatever their share, 1 to 1e6. Default: none. */
  failures?: number | null
  /** How long it stays open the first time, 1 to 8.64e10. Default 5e6. */
  open_us?: number
  /** How long at most, from `open_us` on. Default 60e6. */
  open_max_us?: number
  /** Factor from one opening to the next, 1 to 100, until it was closed for as long as it was open. Default 2. */
  backoff?: number
  /** Share of the open period that chance may take away, 0 to 1. Default 0.2. */
  jitter?: number
  /** Calls let through half-open, at once and in all, before it is decided, 1 to 1000. Default 3. With `consecutive` or `failures` one bad probe opens it again; else the rates decide. */
  probes?: number
  /** A permit that is out for so long is a failure, and void, 1 to 8.64e10. Default 60e6. */
  lease_us?: number
  /** Seed of the jitter, a whole number below 2^53. In a {@link ReflexCore} the reflex's own seed is used. */
  seed?: number
}

/** Options of a concurrency limit. */
export interface LimiterOptions {
  /** How it moves. Default `adaptive`. */
  kind?: 'fixed' | 'aimd' | 'vegas' | 'gradient2' | 'adaptive'
  /** At the start, `min` to `max`. Default 20, or the nearer of the bounds. */
  initial?: number
  /** 1 to 1048576. Default 1; 2 for `adaptive`. */
  min?: number
  /** `min` to 1048576. Default 1000. */
  max?: number
  /** `aimd`: what takes longer counts as dropped, 1 to 8.64e10. Default 1e6. */
  timeout_us?: number
  /** A permit that is out for so long is free again, and its call counts as dropped, 1 to 8.64e10. Default 60e6. */
  lease_us?: number
  /** `vegas`: seed of its chance, a whole number below 2^53. */
  seed?: number
}

/** Options of the cascade reflex. */
export interface CascadeOptions {
  /** Window of the error rates, 1e3 to 3.6e9. Default 10e6. */
  window_us?: number
  /** A component is affected from this share of errors on, 1e-6 to 1. Default 0.5. */
  error_rate?: number
  /** Calls in the window before its rate counts, 1 to 1e6. Default 10. */
  minimum_calls?: number
  /** Affected components that make a cascade, 2 to 1e4. Default 3. */
  min_components?: number
  /** Largest share of all components open at once by the reflex's doing, 0 to 1. Default 0.5. */
  max_open_share?: number
  /**
   * Which breakers it opens. `affected` (default): of all affected but where requests enter, root cause first. `roots`: only of
   * those whose errors no affected callee explains, which leaves what does not need them served. `nothing`: load is shed only.
   */
  opens?: 'affected' | 'roots' | 'nothing'
  /** How long they stay open at least. Default 5e6. */
  open_us?: number
  /** How much longer each than the one before, so that they come back one by one. Default 1e6. */
  stagger_us?: number
  /** Quiet time before each stage of recovery. Default 5e6. */
  stage_us?: number
}

export interface ReflexOptions {
  /** Identifies the run in the journal. Default `reflex`. */
  run_id?: string
  /** Hash of the last entry of the journal that this run continues, 64 hex digits. */
  previous?: string
  /** Most components, 1 to 16384; the least recently used that is idle and closed gives way. Default 4096. */
  components?: number
  /** Most permits out at once, 1 to 1048576. Default 65536. */
  permits?: number
  /** Most requests followed at once, 1 to 1048576; the oldest gives way. Default 4096. */
  traces?: number
  /** Most call patterns, 1 to 65536. Default 1024. */
  patterns?: number
  /** Most components whose latency is watched for regressions, the first ones, 0 to 16384. Default 256. */
  detectors?: number
  /** Seed of all jitter, a whole number below 2^53. Default 0: pass a random one in production. */
  seed?: number
  /** Breaker of components that bring no options of their own. */
  breaker?: BreakerOptions
  /** Limit of components that bring no options of their own. Default: none. */
  limiter?: LimiterOptions | null
  cascade?: CascadeOptions
}

export interface ComponentOptions {
  breaker?: BreakerOptions
  /** Calls to it that may be in flight; `null` for no limit. */
  limiter?: LimiterOptions | null
  /** It stays although others need room. */
  pinned?: boolean
  /**
   * Another process told of it, and nobody calls it here: a cascade never opens its breaker. Ends with the first `component()` that does
   * not say so, which also decides how it is guarded.
   */
  remote?: boolean
}

/** Options of a queue. */
export interface QueueOptions {
  /** One of the kernel pipeline's queues: blueprints 100, compilation 50, validation 25, storage 200. */
  name?: 'blueprints' | 'compilation' | 'validation' | 'storage'
  /** Most items that wait, 1 to 524288. */
  depth?: number
  /** Most emergencies above the depth, 0 to 524288. */
  emergency_max?: number
  /** What waited for so long rises a tier, 0 to 8.64e10. Default 300e6. */
  age_us?: number
}
