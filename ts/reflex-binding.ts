/**
 * The reflex's side of the seam: the only file that both sides agree on, as `ts/binding.ts` is for tuning.
 *
 * Two implementations exist, over the native add-on and over a WebAssembly module of its own (`homeostat_reflex`). In Node too
 * the WebAssembly build is the one to use: a call into it costs 5 to 16 ns, an N-API call 70 to 350 ns. The native one is there
 * to compare with.
 *
 * **Numbers.** Time is monotonic, in microseconds, always an argument; it may step back, be negative or NaN: then it counts as
 * the latest time known. A *permit* is a whole number from 0 below 2^53 that is valid once. What is refused is a negative number
 * ({@link REFUSALS}). A *handle* of a component is an unsigned 32-bit integer. What is called per request takes and gives plain
 * numbers, allocates nothing on either side and throws only when the core panicked.
 *
 * **Errors.** Calls that take JSON throw `HOMEOSTAT_INVALID_OPTION` or `HOMEOSTAT_INVALID_JSON`, with a message that names option,
 * range and value; the old state stays. Any other nonsense is an outcome: an unknown handle is refused, a result without a
 * permit is told as {@link TOLD_UNKNOWN}.
 *
 * **A protected call**, in full:
 * ```ts
 * const permit = reflex.tryAcquire(payments, TIER_NORMAL, clock.nowUs())
 * if (permit < 0) return refusal(permit, reflex.retryAfterUs(payments, clock.nowUs()))
 * let outcome = OUTCOME_IGNORED // cancelled by the caller: it says nothing about the dependency
 * try { const value = await call(); outcome = OUTCOME_SUCCESS; return value }
 * catch (error) { outcome = isFailure(error) ? OUTCOME_FAILURE : OUTCOME_IGNORED; throw error }
 * finally { if (reflex.tell(permit, outcome, errorClass, clock.nowUs()) & CHANGED) schedule(() => deliver(reflex.takeNotices())) }
 * ```
 * A permit that is never returned is a failure when its lease ends (`lease_us`); nothing leaks. Do not report the same call by a
 * `call-return` event as well: `tell` has counted it. Its `call` event is welcome, for the call graph and the patterns.
 */

import type { BreakerOptions, ComponentOptions, LimiterOptions, QueueOptions, ReflexOptions } from './reflex-options.js'
import type {
  BreakerChange,
  BreakerHealth,
  ComponentHealth,
  Notice,
  PatternJson,
  ReflexHealth,
  WitnessJson,
} from './reflex-reports.js'

export type * from './reflex-options.js'
export type * from './reflex-reports.js'

export interface ReflexBinding {
  readonly kind: 'native' | 'wasm'
  /** Version of the core; equals the package's version. */
  version(): string
  /** The reflex of a process. @param options {@link ReflexOptions} as JSON, or empty. */
  createReflex(options: string, nowUs: number): ReflexCore
  /** A breaker by itself. @param options {@link BreakerOptions} as JSON, or empty. */
  createBreaker(options: string, nowUs: number): BreakerCore
  /** A concurrency limiter by itself. @param options {@link LimiterOptions} as JSON, or empty. */
  createLimiter(options: string): LimiterCore
  /** A queue of five tiers by itself. @param options {@link QueueOptions} as JSON, or empty. */
  createQueue(options: string): QueueCore
  /** A detector of latency regressions by itself. */
  createDetector(): DetectorCore
}

/** Why there is no permit: the number that was returned, and its name. */
export const REFUSALS: Readonly<Record<number, RefusalReason>> = {
  [-1]: 'open',
  [-2]: 'probing',
  [-3]: 'forced-open',
  [-4]: 'limit',
  [-5]: 'shed',
  [-6]: 'unknown',
  [-7]: 'capacity',
}
/**
 * `open`: the circuit is open. `probing`: half-open, and every probe is out. `forced-open`: by an operator. `limit`: the
 * concurrency limit. `shed`: the load of this tier is shed. `unknown`: no component of this handle. `capacity`: every permit, or
 * the room for every component, is in use.
 */
export type RefusalReason = 'open' | 'probing' | 'forced-open' | 'limit' | 'shed' | 'unknown' | 'capacity'

/**
 * Outcomes of a call. Ignored says nothing: cancelled by its caller, or never sent. Timed out is a failure, and a sign of
 * overload for the limit. Rejected by the other side for capacity (429, 503) is a sign of overload, and no failure.
 */
export const OUTCOME_SUCCESS = 0
export const OUTCOME_FAILURE = 1
export const OUTCOME_IGNORED = 2
export const OUTCOME_TIMED_OUT = 3
export const OUTCOME_REJECTED = 4

/** What `tell` returns in its low two bits: it counted; it did not, since the breaker has changed its state since, or since it says nothing; no such permit is out. */
export const TOLD_COUNTED = 0
export const TOLD_NOT_COUNTED = 1
export const TOLD_UNKNOWN = 2
/** Bit of what `tell`, `record` and `tick` return: there is something to be taken, and there will be until it is. */
export const CHANGED = 16

/** States of a breaker, by their number. */
export const BREAKER_STATES = ['closed', 'open', 'half-open', 'forced-open', 'disabled'] as const
export type BreakerState = (typeof BREAKER_STATES)[number]

/** Words of an operator. AUTO starts afresh: closed, with an empty window. TRIP opens now, to recover by itself. */
export const OPERATE_AUTO = 0
export const OPERATE_FORCE_OPEN = 1
export const OPERATE_DISABLE = 2
export const OPERATE_TRIP = 3

/** Tiers of load. The first two are never shed by the cascade reflex. */
export const TIERS = ['emergency', 'strategic', 'normal', 'experimental', 'background'] as const

/** Kinds of structural events, by their number. */
export const EVENT_KINDS = [
  'request-start',
  'request-end',
  'call',
  'call-return',
  'resource-spike',
  'queue-depth',
  'breaker',
] as const

/**
 * A record of {@link ReflexCore.ingest}, little-endian. Write it through two views of one buffer:
 * `u32[0] = kind | flags << 8 | error << 16`, `u32[1] = component`, `f64[1] = timeUs`, `f64[2] = request`, `u32[6] = peer`, `f32[7] = value`.
 *
 * | event | component | peer | value | request |
 * | --- | --- | --- | --- | --- |
 * | request-start | who got it | | | its number, from 1 |
 * | request-end | who is done | | latency in us; 0: from the times of the two events | its number |
 * | call | the caller | the called | | the request it is for |
 * | call-return | the caller | the called, whom it counts for | latency in us; 0: none | |
 * | resource-spike | whose | the resource, a component of its own | how far it is used | |
 * | queue-depth | whose | | depth | |
 * | breaker | whose, in another process | | state by its number | |
 */
export const RECORD_BYTES = 32
/** Flags of an event: it went well; it was refused by a breaker, a limit or a full queue, which says nothing about the component. */
export const FLAG_OK = 1
export const FLAG_REFUSED = 2

/** The reflex of one process. Single-threaded. Memory is bounded by {@link ReflexOptions}: `bytes_max` of its health, 20 MB with the defaults, all in use. */
export interface ReflexCore {
  /**
   * The handle of the component of this name (1 to 128 bytes of UTF-8), made with these {@link ComponentOptions} (JSON, or
   * empty) where there is none; one that is there keeps the options it was made with. -7 where there is no room and none may
   * give way. A handle of a component that gave way is refused as `unknown`: ask for the name again.
   */
  component(name: string, options: string, nowUs: number): number
  /** Forgets a component; its permits are void. False where it is gone already. */
  forget(component: number): boolean
  /** The number of a class of errors, from 1; 0 where there are 256 already. */
  errorClass(name: string): number
  /** A permit for a call to a component, or a refusal. @param tier 0 to 4, see {@link TIERS} */
  tryAcquire(component: number, tier: number, nowUs: number): number
  /** Takes a permit back: `TOLD_*`, and {@link CHANGED}. @param error class of the error, 0 for none */
  tell(permit: number, outcome: number, error: number, nowUs: number): number
  /** One event: bit 0 says whether it was taken; and {@link CHANGED}. */
  record(
    kind: number,
    flags: number,
    error: number,
    component: number,
    timeUs: number,
    request: number,
    peer: number,
    value: number,
  ): number
  /** Whole records of {@link RECORD_BYTES}; how many were taken. The rest is malformed, or of unknown components, and counted. A time in the future counts as now. */
  ingest(records: Uint8Array, nowUs: number): number
  /** Lets time pass: call it every 100 ms. {@link CHANGED} where there are notices. */
  tick(nowUs: number): number
  /** From this tier on load is shed; 5 where none is. */
  shedsFrom(): number
  /** Number of the breaker's state, see {@link BREAKER_STATES}; -6 where the component is unknown. */
  state(component: number, nowUs: number): number
  /** Microseconds until a call may pass: 0 where it may or the component is unknown, Infinity where an operator holds it open. */
  retryAfterUs(component: number, nowUs: number): number
  /** Calls to a component that may be in flight; Infinity where there is no limit or it is unknown. */
  limit(component: number): number
  /** The limit stays between these from now on, each 1 to 2^20; journaled. False where there is none, or the component is unknown. */
  setLimitBounds(component: number, min: number, max: number, nowUs: number): boolean
  /** Something was changed for the better: counted, and journaled with what it says (1 to 128 bytes). False where the component is unknown. */
  optimised(component: number, what: string, nowUs: number): boolean
  /** An operator's word, `OPERATE_*`. Throws where the component or the word is unknown. */
  operate(component: number, word: number, nowUs: number): void
  /** Takes what happened since the last time, oldest first: {@link Notice}[] as JSON. At most 1024 wait; older ones give way. */
  takeNotices(): string
  /** Journal entries not yet taken; at most 4096 wait, and how many were not recorded is recorded. */
  queued(): number
  /** Takes whole entries as hash-chained JSON Lines in the tuner's format (`payload.scope` is `reflex`), at most about `maxBytes`, at least one if there is any. */
  takeJournal(maxBytes: number): Uint8Array
  /** {@link ReflexHealth} as JSON. */
  health(nowUs: number): string
  /** Health in the OpenMetrics text format. */
  metrics(nowUs: number): string
  /** {@link ComponentHealth} with `options` and `calls_to`, as JSON; `{}` where it is unknown. */
  explain(component: number, nowUs: number): string
  /** The latest 64 witnesses, oldest first: {@link WitnessJson}[] as JSON. */
  witnesses(): string
  /** The learned patterns, at most 256: {@link PatternJson}[] as JSON. */
  patterns(): string
  /** Frees the core's memory. Later `tryAcquire` gives permit 0, which nothing is counted for; any other call throws `HOMEOSTAT_CLOSED`. */
  close(): void
}

/** One breaker by itself; at most 65,536 of its permits are out at once. */
export interface BreakerCore {
  /** A permit, or a refusal. */
  tryAcquire(nowUs: number): number
  /** Takes a permit back: `TOLD_*`, and {@link CHANGED}. */
  tell(permit: number, outcome: number, nowUs: number): number
  /** Number of its state, see {@link BREAKER_STATES}. */
  state(nowUs: number): number
  retryAfterUs(nowUs: number): number
  /** `OPERATE_*`. */
  operate(word: number, nowUs: number): void
  inFlight(): number
  /** Takes the transitions since the last time, at most 1024: {@link BreakerChange}[] as JSON. */
  takeChanges(): string
  /** {@link BreakerHealth} with `options`, as JSON. */
  explain(nowUs: number): string
  close(): void
}

/** How a call ended, as a limiter sees it: its duration counts; dropped or timed out, a sign of overload; it says nothing. */
export const ENDED_SERVED = 0
export const ENDED_DROPPED = 1
export const ENDED_IGNORED = 2

/** One concurrency limiter by itself. */
export interface LimiterCore {
  /** A permit, or -1 while as many calls are in flight as may be. */
  tryAcquire(nowUs: number): number
  /** Takes a permit back, `ENDED_*`; false where it is not out. */
  release(permit: number, ended: number, nowUs: number): boolean
  /** Calls that may be in flight. */
  limit(): number
  inFlight(nowUs: number): number
  /** Calls that were refused, and permits whose lease ended, since it was made. */
  refused(): number
  expired(): number
  /** The limit stays between these from now on. */
  setBounds(min: number, max: number): void
  close(): void
}

/** What `enqueue` returns instead of an item: full, and nothing below it to make room; not even an emergency fits; its deadline has passed. */
export const QUEUE_FULL = -1
export const QUEUE_HARD_BOUND = -2
export const QUEUE_DEADLINE_PASSED = -3

/**
 * A queue of five tiers, each step O(1) at any depth, with the capacity that it leaves to those upstream.
 *
 * An item is a whole number below 2^53 whose low 20 bits are its slot: keep the payload in an array by slot.
 */
export interface QueueCore {
  /** An item, or a refusal. @param deadlineUs NaN for none. Then see {@link evicted} and {@link overDepth}. */
  enqueue(tier: number, deadlineUs: number, nowUs: number): number
  /** Who made room for the item that was last taken in; -1: nobody. */
  evicted(): number
  /** The item that was last taken in is an emergency above the depth. */
  overDepth(): boolean
  /** Who is next, or -1 where nothing waits. Then see {@link expired}. */
  take(nowUs: number): number
  /** The deadline of the item that was last handed out has passed: do not start it. */
  expired(): boolean
  /** Takes an item out; false where it does not wait. */
  cancel(item: number, nowUs: number): boolean
  /** 1 normal, 0.7 degraded, 0.3 overloaded, 0.1 emergency; with hysteresis. */
  capacity(nowUs: number): number
  takeCapacityChanged(): boolean
  /** The capacity is not better than this level, 0 normal to 3 emergency, from now on. */
  setFloor(level: number): void
  length(): number
  lengthOf(tier: number): number
  close(): void
}

/** One detector of latency regressions: 10 kB, at most one false alarm in ten days where samples are independent. */
export interface DetectorCore {
  /** One latency in microseconds; true where a regression is certain: then it learns a new baseline. */
  record(nowUs: number, latencyUs: number): boolean
  /** Whether it knows enough to alarm. */
  armed(): boolean
  /** Evidence as a multiple of what an alarm needs. */
  evidence(): number
  /** `{ armed, median_us, evidence, ignored, latest?: { time_us, since_us, median_before_us, median_now_us, evidence } }` as JSON. */
  explain(): string
  close(): void
}
