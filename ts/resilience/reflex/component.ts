/**
 * A component of a reflex: its breaker, under the reflex's eyes.
 */
import type { Clock } from '../../clock.js'
import { BREAKER_STATES, type BreakerState, CHANGED, type ReflexCore, TOLD_UNKNOWN } from '../../reflex-binding.js'
import type { FailureOptions } from '../breaker-options.js'
import { TIER_DEFAULT } from '../call.js'
import { type BreakerReport, camel, Gate } from '../gate.js'
import { limitBounds } from '../limiter.js'
import type { Verdict } from '../verdict.js'
import type { Handle } from './event-writer.js'

/** How a component does. */
export interface ComponentReport {
  readonly component: string
  readonly health: 'healthy' | 'failing' | 'recovering' | 'open'
  /** Since it was made. */
  readonly calls: number
  readonly errors: number
  /** Within the window of the cascade reflex. */
  readonly recentCalls: number
  readonly recentErrorRate: number
  readonly p99Us: number
  readonly queueDepth: number
  /** Changes for the better: of its limit, and what `optimised()` told. */
  readonly optimisations: number
  /** Known only from events of other processes: a cascade does not open its breaker here. */
  readonly remote?: true
  /** Calls that may be in flight, where that is bounded. */
  readonly limit?: number
  /** Code or name of the latest error. */
  readonly lastError?: string
  /** What an event told of its breaker in another process. */
  readonly remoteBreaker?: BreakerState
  /** The latest resource of it that was used up, as an event told. */
  readonly spike?: { readonly timeUs: number; readonly resource: string; readonly value: number }
  readonly breaker: BreakerReport
}

/** What a component needs of its reflex. @internal */
export interface Owner {
  readonly core: ReflexCore
  readonly clock: Clock
  /** Lets time pass where it is due. */
  pass(nowUs: number): void
  deliver(): void
  classOf(error: unknown): number
  /** The handle of a component, which is made where there is none. */
  intern(name: string, options: string): number
}

const UNKNOWN = -6

export class Component extends Gate implements Handle {
  readonly name: string
  readonly #owner: Owner
  readonly #core: ReflexCore
  readonly #options: string
  protected readonly clock: Clock
  protected readonly failures: FailureOptions
  #handle: number

  constructor(owner: Owner, name: string, options: string, failures: FailureOptions) {
    super()
    this.#owner = owner
    this.#core = owner.core
    this.name = name
    this.#options = options
    this.clock = owner.clock
    this.failures = failures
    this.#handle = owner.intern(name, options)
  }

  /** Its number in records of events. */
  get handle(): number {
    return this.#handle
  }

  tryAcquire(tier = TIER_DEFAULT, nowUs = this.clock.nowUs()): number {
    const owner = this.#owner
    owner.pass(nowUs)
    const permit = this.#core.tryAcquire(this.#handle, tier, nowUs)
    return permit === UNKNOWN ? this.#again(tier, nowUs) : permit
  }

  /** It gave way to others while nobody called it: back, as new. */
  #again(tier: number, nowUs: number): number {
    const handle = this.#owner.intern(this.name, this.#options)
    // A refusal of the registry is one of the call: there is no room.
    if (handle < 0) return handle
    this.#handle = handle
    return this.#core.tryAcquire(handle, tier, nowUs)
  }

  protected override giveBack(permit: number, verdict: Verdict, error: unknown, nowUs: number): boolean {
    const owner = this.#owner
    const told = this.#core.tell(permit, verdict, error === undefined ? 0 : owner.classOf(error), nowUs)
    if ((told & CHANGED) !== 0) owner.deliver()
    return (told & 3) !== TOLD_UNKNOWN
  }

  protected override operate(word: number): void {
    const core = this.#core
    if (core.state(this.#handle, this.clock.nowUs()) === UNKNOWN)
      this.#handle = this.#owner.intern(this.name, this.#options)
    core.operate(this.#handle, word, this.clock.nowUs())
    this.#owner.deliver()
  }

  get state(): BreakerState {
    const state = this.#core.state(this.#handle, this.clock.nowUs())
    this.#owner.deliver()
    return BREAKER_STATES[state] ?? 'closed'
  }

  protected override retryAfterUs(nowUs: number): number {
    return this.#core.retryAfterUs(this.#handle, nowUs)
  }

  /**
   * Its limit stays between these from now on, each from 1 to 2^20; journaled. For a tuner:
   * `knob.integer({ min: 5, max: 200, initial: 50, apply: (most) => { component.setLimitBounds(1, most) } })`. False where it has no limit.
   */
  setLimitBounds(min: number, max: number): boolean {
    const [least, most] = limitBounds(min, max)
    return this.#core.setLimitBounds(this.#handle, least, most, this.clock.nowUs())
  }

  /** How it does; undefined where it gave way to others, since nobody called it. */
  explain(): (ComponentReport & { readonly callsTo: readonly string[] }) | undefined {
    const report = camel(JSON.parse(this.#core.explain(this.#handle, this.clock.nowUs())))
    return Object.keys(report as object).length === 0
      ? undefined
      : (report as ComponentReport & { readonly callsTo: readonly string[] })
  }
}
