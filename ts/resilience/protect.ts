/**
 * A function under the policies that it needs, in the order that works:
 *
 *     fallback ─ deadline ─ retry ─ hedge ─ breaker ─ limit ─ bulkhead ─ timeout ─ the function
 *
 * Every attempt asks for admission of its own. What is refused for capacity is no failure of the dependency, so the breaker stands
 * outside of the limits; and what an open circuit refuses takes no place.
 */
import type { Clock } from '../clock.js'
import { invalid } from '../errors.js'
import * as check from '../schema/checks.js'
import type { DurationInput } from '../units.js'
import type { Breaker, SoloBreakerOptions } from './breaker.js'
import { BREAKER_KEYS, type BreakerOptions, breakerConfig, type FailureOptions } from './breaker-options.js'
import { type Bulkhead, type BulkheadOptions, bulkhead } from './bulkhead.js'
import type { Call } from './call.js'
import { fallback } from './fallback.js'
import { type Hedge, type HedgeOptions, hedge } from './hedge.js'
import type { AnyFunction, Next } from './leaf.js'
import { type Limiter, type LimiterOptions, type LimitKind, limiterConfig } from './limiter.js'
import type { Failure, Outcome } from './outcome.js'
import { Policy, type Wrapped, wrapFunction } from './policy.js'
import type { Component } from './reflex/component.js'
import { Reflex } from './reflex/reflex.js'
import { checkFailureOptions, checkName, resolveClock } from './resolve.js'
import { type Retry, type RetryOptions, retry } from './retry.js'
import { timeout } from './timeout.js'

export interface ProtectOptions<T = unknown> extends FailureOptions {
  /** Stops calling what fails or is slow. Default: none, or in a `reflex` the one that its components have. */
  readonly breaker?: BreakerOptions | undefined
  /** Bounds the calls in flight: `'adaptive'` finds the bound itself, a number is one. Default: none. */
  readonly limit?: LimiterOptions | LimitKind | number | undefined
  /** Calls that run at once and that wait for it. A number is how many run. Default: any number. */
  readonly bulkhead?: Omit<BulkheadOptions, 'name'> | number | undefined
  /** Longest time of one attempt. 1 ms to 24 d; default: none. */
  readonly timeout?: DurationInput | undefined
  /** Longest time of all attempts together with their waits. 1 ms to 24 d; default: none. */
  readonly deadline?: DurationInput | undefined
  /** Tries again what failed. A number is the attempts in all. Default: does not. */
  readonly retry?: RetryOptions | number | undefined
  /** A second attempt where the first one is slow. Default: none. */
  readonly hedge?: HedgeOptions | undefined
  /** What is given instead of a failure. Default: nothing. */
  readonly fallback?: ((failure: Failure) => T | PromiseLike<T>) | undefined
  /** Makes it a component of this reflex, which finds cascades and sheds load. Default: it stands alone. */
  readonly reflex?: Reflex | undefined
  /** With `reflex`: name of the component that calls, for the call graph. */
  readonly caller?: string | undefined
  /** Monotonic clock. Default: that of the reflex, or the runtime's. */
  readonly clock?: Clock | undefined
}

/** The policies that a protected function goes through, for a look at them. */
export interface Policies {
  readonly breaker: Breaker | Component | undefined
  /** In a reflex the limit is the component's. */
  readonly limiter: Limiter | undefined
  readonly bulkhead: Bulkhead | undefined
  readonly retry: Retry | undefined
  readonly hedge: Hedge | undefined
}

export type Protected<F extends AnyFunction> = Wrapped<F> & { readonly policies: Policies }

export type Protect = <F extends AnyFunction>(
  name: string,
  fn: F,
  options?: ProtectOptions<Awaited<ReturnType<F>>>,
) => Protected<F>

/** What makes policies that need the core. */
export interface Makers {
  breaker(options: SoloBreakerOptions, at: string): Breaker
  limiter(config: object, name: string, clock: Clock): Limiter
}

const KEYS = [
  'breaker', 'limit', 'bulkhead', 'timeout', 'deadline', 'retry', 'hedge', 'fallback', 'reflex', 'caller', 'clock', 'isFailure',
  'isFailureResult',
] as const // biome-ignore format: a table

/** Tells the reflex who calls whom. */
class Caller extends Policy {
  readonly #reflex: Reflex
  readonly #caller: Component
  readonly #callee: Component

  constructor(reflex: Reflex, caller: Component, callee: Component) {
    super()
    this.#reflex = reflex
    this.#caller = caller
    this.#callee = callee
  }

  run(next: Next, call: Call): Promise<Outcome<unknown>> {
    this.#reflex.events.call(this.#caller, this.#callee, call.request)
    return next(call)
  }
}

export function makeProtect(makers: () => Makers): Protect {
  return (name, fn, options = {}) => {
    checkName('name', name)
    check.fn('fn', fn)
    const o = check.object('options', options) as ProtectOptions
    check.onlyKeys('', o, KEYS)
    const layers: Policy[] = []
    const add = <P extends Policy>(policy: P | undefined): P | undefined => {
      if (policy !== undefined) layers.push(policy)
      return policy
    }
    const reflex = reflexOf(o)
    const clock = o.clock === undefined && reflex !== undefined ? reflex.clock : resolveClock(o.clock)
    if (o.fallback !== undefined) add(fallback(o.fallback))
    if (o.deadline !== undefined) add(timeout(o.deadline))
    const retrying = add(
      o.retry === undefined ? undefined : retry(typeof o.retry === 'number' ? { attempts: o.retry } : o.retry),
    )
    const hedging = add(o.hedge === undefined ? undefined : hedge(o.hedge))
    const gate = reflex === undefined ? add(ownBreaker(makers, name, o, clock)) : component(reflex, name, o, add)
    // A component has its limit inside, where it is journaled.
    const alone = o.limit === undefined || reflex !== undefined ? undefined : limiterConfig('limit', o.limit)
    const limiter = add(alone === undefined ? undefined : makers().limiter(alone, name, clock))
    const held = add(
      o.bulkhead === undefined
        ? undefined
        : bulkhead({ ...(typeof o.bulkhead === 'number' ? { concurrent: o.bulkhead } : o.bulkhead), name }),
    )
    if (o.timeout !== undefined) add(timeout(o.timeout))
    const policies: Policies = { breaker: gate, limiter, bulkhead: held, retry: retrying, hedge: hedging }
    return Object.assign(wrapFunction(fn, layers), { policies })
  }
}

function reflexOf({ reflex, caller, clock }: ProtectOptions): Reflex | undefined {
  if (reflex !== undefined && !(reflex instanceof Reflex)) throw invalid('reflex', 'made by reflex()', reflex)
  if (caller !== undefined && reflex === undefined) throw invalid('caller', 'left out where there is no reflex', caller)
  if (clock !== undefined && reflex !== undefined) throw invalid('clock', "left out: the reflex's is used", clock)
  return reflex
}

function failureOptions({ isFailure, isFailureResult }: FailureOptions): FailureOptions {
  return { isFailure, isFailureResult }
}

function ownBreaker(makers: () => Makers, name: string, o: ProtectOptions, clock: Clock): Breaker | undefined {
  checkFailureOptions('options', o)
  if (o.breaker === undefined) return undefined
  check.onlyKeys('breaker', check.object('breaker', o.breaker), BREAKER_KEYS)
  return makers().breaker({ ...o.breaker, ...failureOptions(o), name, clock }, 'breaker')
}

function component(reflex: Reflex, name: string, o: ProtectOptions, add: (policy: Policy) => unknown): Component {
  // Checks the options under the names that they have here.
  check.onlyKeys('breaker', check.object('breaker', o.breaker ?? {}), BREAKER_KEYS)
  breakerConfig('breaker', o.breaker ?? {})
  if (o.limit !== undefined) limiterConfig('limit', o.limit)
  const own = reflex.component(name, { ...o.breaker, ...failureOptions(o), limit: o.limit })
  if (o.caller !== undefined) add(new Caller(reflex, reflex.component(o.caller), own))
  add(own)
  return own
}
