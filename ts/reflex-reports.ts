/** What crosses the seam of the reflex as JSON: notices, health, witnesses. Times and durations are in microseconds. */
import type { BreakerState } from './reflex-binding.js'

export interface BreakerChange {
  time_us: number
  from: 'closed' | 'open' | 'half-open'
  to: BreakerState
  cause:
    | 'failure-rate'
    | 'slow-rate'
    | 'consecutive'
    | 'failures'
    | 'probe-failed'
    | 'probe-slow'
    | 'rested'
    | 'recovered'
    | 'cascade'
    | 'operator'
  calls: number
  failures: number
  slow: number
  /** Until when it is open. */
  until_us?: number
}

export interface BreakerHealth {
  state: BreakerState
  calls: number
  failures: number
  slow: number
  failure_rate: number
  slow_rate: number
  in_flight: number
  /** `null` while an operator holds it open. */
  retry_after_us: number | null
  /** Since it was made: times it opened, calls it refused, permits whose lease ended. */
  opened: number
  refused: number
  expired: number
}

export interface ComponentHealth {
  component: string
  health: 'healthy' | 'failing' | 'recovering' | 'open'
  calls: number
  errors: number
  recent_calls: number
  recent_error_rate: number
  p99_us: number
  queue_depth: number
  /** Changes for the better: those of its limit, and what was told. */
  optimisations: number
  /** Only events of other processes told of it. */
  remote?: true
  /** Name of the class of the latest error. */
  last_error?: string
  /** What an event told of its breaker in another process. */
  remote_breaker?: BreakerState
  /** The latest resource that was used up. */
  spike?: { time_us: number; resource: string; value: number }
  /** Calls to it that may be in flight, where there is a limit. */
  limit?: number
  breaker: BreakerHealth
}

export interface ReflexHealth {
  state: 'healthy' | 'degraded' | 'cascade'
  components: number
  open_breakers: number
  patterns_learned: number
  violations: number
  cascades: number
  recent_witnesses: number
  optimisations_applied: number
  ongoing_witness: number | null
  shed_from_tier: number
  in_flight: number
  open_requests: number
  events: number
  /** What all of it may take at most, in bytes. */
  bytes_max: number
  /** Exact counts of what was dropped, by what. */
  dropped: Record<string, number>
  /** The 256 that were touched most recently. */
  component_states: ComponentHealth[]
}

export interface WitnessJson {
  witness: number
  time_us: number
  /** Whose error made it a cascade. */
  trigger: string
  root_cause: string
  components: number
  affected_count: number
  /** At most 32, the likely root cause first, as they were when it was found. */
  affected: {
    component: string
    calls: number
    error_rate: number
    p99_us: number
    queue_depth: number
    breaker: BreakerHealth
  }[]
  /** From the latest symptom back to the likely root cause; times never rise. */
  chain: { component: string; time_us: number; blames?: string }[]
  decision: 'open-and-shed' | 'shed'
  /** At most 32 names, and how many there were. */
  action: { opened: string[]; opened_count: number; shed_from_tier: number }
  /** Components that were affected later, while it lasted. */
  joined: number
  recovered_us: number | null
  /** All of it in plain words. */
  words: string
}

export interface PatternJson {
  /** 16 hex digits. */
  pattern: string
  entry: string
  /** Whom its requests call, in order; at most 16. */
  calls: string[]
  count: number
  expected_us: number
  deviation_us: number
}

export type Notice =
  | ({ notice: 'breaker'; component: string } & BreakerChange)
  | ({ notice: 'cascade' } & WitnessJson)
  | { notice: 'stage'; time_us: number; witness: number; shed_from_tier: number }
  | { notice: 'recovered'; time_us: number; witness: number }
  /** A component's latency has moved up by more than 1.3, which is no chance: at most one false alarm in ten days. */
  | {
      notice: 'regression'
      time_us: number
      component: string
      since_us: number
      median_before_us: number
      median_now_us: number
      /** How many times the threshold the evidence is. */
      evidence: number
    }
  /** A pattern was learned: once, at its tenth request. */
  | { notice: 'pattern'; time_us: number; pattern: string; entry: string; expected_us: number }
  | {
      notice: 'violation'
      time_us: number
      pattern: string
      entry: string
      deviation: 'slower' | 'faster' | 'missing' | 'extra' | 'reordered'
      expected_us: number
      got_us: number
      /** Share of the expected latency; 0 where it is the calls that differ. */
      by: number
      /** The call that differs: `who -> whom`. */
      call?: string
    }
