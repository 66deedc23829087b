/**
 * A circuit breaker by itself.
 */
import type { Clock } from '../clock.js'
import { BREAKER_STATES, type BreakerCore, type BreakerState, CHANGED, TOLD_UNKNOWN } from '../reflex-binding.js'
import * as check from '../schema/checks.js'
import { BREAKER_KEYS, type BreakerOptions, breakerConfig, type FailureOptions } from './breaker-options.js'
import { type BreakerChange, type BreakerReport, camel, Gate } from './gate.js'
import { Listeners } from './listeners.js'
import { checkFailureOptions, checkName, resolveClock } from './resolve.js'
import type { Verdict } from './verdict.js'

export interface SoloBreakerOptions extends BreakerOptions, FailureOptions {
  /** For errors and events. */
  readonly name?: string | undefined
  /** Monotonic clock. Default: the runtime's. */
  readonly clock?: Clock | undefined
}

export interface BreakerEvents {
  /** It opened, was half-open, closed, or an operator said something. Told with the next call after it. */
  change: BreakerChange & { readonly name: string | undefined }
}

/** How often in a row listeners may cause what they are told of next. */
const TURNS_MAX = 8

export class Breaker extends Gate {
  readonly name: string | undefined
  readonly #core: BreakerCore
  protected readonly clock: Clock
  protected readonly failures: FailureOptions
  readonly #listeners = new Listeners<BreakerEvents>(['change'])
  /** Whether calls passed when this was last looked at; a change of it is a transition that wants to be told. */
  #passes = true
  #telling = false

  constructor(core: BreakerCore, clock: Clock, options: SoloBreakerOptions) {
    super()
    this.#core = core
    this.clock = clock
    this.failures = { isFailure: options.isFailure, isFailureResult: options.isFailureResult }
    this.name = options.name
  }

  tryAcquire(_tier?: number, nowUs = this.clock.nowUs()): number {
    const permit = this.#core.tryAcquire(nowUs)
    if (permit >= 0 !== this.#passes) this.#turned(permit)
    return permit
  }

  /** For capacity nothing turned: the circuit is closed. */
  #turned(permit: number): void {
    if (permit < -3) return
    this.#passes = permit >= 0
    this.#tell()
  }

  protected override giveBack(permit: number, verdict: Verdict, _error: unknown, nowUs: number): boolean {
    const told = this.#core.tell(permit, verdict, nowUs)
    if ((told & CHANGED) !== 0) this.#tell()
    return (told & 3) !== TOLD_UNKNOWN
  }

  protected override operate(word: number): void {
    this.#core.operate(word, this.clock.nowUs())
    this.#tell()
  }

  #tell(): void {
    // What a listener causes is told after what it is being told of; where there is no end to that, with the next call.
    if (this.#telling) return
    this.#telling = true
    try {
      for (let turn = 0; turn < TURNS_MAX; turn++) {
        const changes = camel(JSON.parse(this.#core.takeChanges())) as BreakerChange[]
        const last = changes.at(-1)
        if (last === undefined) break
        this.#passes = last.to !== 'open' && last.to !== 'forced-open'
        for (const change of changes) this.#listeners.emit('change', { name: this.name, ...change })
      }
    } finally {
      this.#telling = false
    }
  }

  get state(): BreakerState {
    const state = BREAKER_STATES[this.#core.state(this.clock.nowUs())] ?? 'closed'
    this.#tell()
    return state
  }

  protected override retryAfterUs(nowUs: number): number {
    return this.#core.retryAfterUs(nowUs)
  }

  /** Calls that are in flight. */
  get inFlight(): number {
    return this.#core.inFlight()
  }

  /** Everything about its present state. */
  explain(): BreakerReport {
    return camel(JSON.parse(this.#core.explain(this.clock.nowUs()))) as BreakerReport
  }

  /** Listens; returns how to stop. What a listener throws reaches nobody, and is counted in `listenerErrors`. */
  on<N extends keyof BreakerEvents>(event: N, listener: (event: BreakerEvents[N]) => unknown): () => void {
    return this.#listeners.on(event, listener)
  }

  get listenerErrors(): number {
    return this.#listeners.errors
  }
}

export function makeBreaker(
  create: (config: string, nowUs: number) => BreakerCore,
  options: SoloBreakerOptions,
  at = 'breaker',
): Breaker {
  const o = check.object(at, options) as SoloBreakerOptions
  check.onlyKeys(at, o, [...BREAKER_KEYS, 'isFailure', 'isFailureResult', 'name', 'clock'])
  checkFailureOptions(at, o)
  if (o.name !== undefined) checkName(`${at}.name`, o.name)
  const clock = resolveClock(o.clock)
  return new Breaker(create(JSON.stringify(breakerConfig(at, o)), clock.nowUs()), clock, o)
}
