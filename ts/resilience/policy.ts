/**
 * What every policy can do: run work once, or wrap a function. Each is usable alone; `compose` puts several around each other.
 */
import { invalid } from '../errors.js'
import * as check from '../schema/checks.js'
import { Call, type CallContext, type CallOptions, TIER_DEFAULT } from './call.js'
import { errorOf } from './errors.js'
import { type Abortable, type AnyFunction, isAbortable, leafOf, leafOfWork, type Next } from './leaf.js'
import type { Outcome } from './outcome.js'

/** Work for one call; it may look at the call's signal. */
export type Work<T> = (context: CallContext) => T | PromiseLike<T>

type ArgumentsOf<F> = F extends Abortable<infer A, unknown> ? A : F extends (...args: infer A) => unknown ? A : never
type ResultOf<F> = F extends (...args: never[]) => infer R ? Awaited<R> : never
type ThisOf<F> = F extends (this: infer S, ...args: never[]) => unknown ? (unknown extends S ? unknown : S) : unknown

/** A function under policies: called as before, its result is a promise. */
export interface Wrapped<F extends AnyFunction> {
  /** Throws what the function throws, and a `RefusedError` with a stable `code` where the call was refused. */
  (this: ThisOf<F>, ...args: ArgumentsOf<F>): Promise<ResultOf<F>>
  /** The same as an outcome: never throws, so that a refusal costs no exception. `fn.try.call(owner, …)` passes a `this`. */
  try(...args: ArgumentsOf<F>): Promise<Outcome<ResultOf<F>>>
  /** The same function for calls with a signal, a tier, a request. */
  with(options: CallOptions): {
    (this: ThisOf<F>, ...args: ArgumentsOf<F>): Promise<ResultOf<F>>
    try(...args: ArgumentsOf<F>): Promise<Outcome<ResultOf<F>>>
  }
}

/** A function under one policy, for calls without options: in one step instead of one per policy. @internal */
export interface Direct {
  call(this: unknown, ...args: unknown[]): Promise<unknown>
  try(this: unknown, ...args: unknown[]): Promise<Outcome<unknown>>
}

/** Called as `fn.try()` its `this` is `fn`, which means nothing; `fn.try.call(owner)` passes one on. @internal */
export const ownerOf = (self: unknown): unknown => (typeof self === 'function' ? undefined : self)

export abstract class Policy {
  #chain: Next | undefined

  /** One call through this policy; `next` never rejects, and neither does this. @internal */
  abstract run(next: Next, call: Call): Promise<Outcome<unknown>>

  /** This policy around a step. @internal */
  around(next: Next): Next {
    return (call) => this.run(next, call)
  }

  /** Where there is a shorter way for a function that does not look at its call. @internal */
  direct(_fn: AnyFunction): Direct | undefined {
    return undefined
  }

  /** Runs work under the policy; throws what the work throws, and a `RefusedError` where it was refused. */
  execute<T>(work: Work<T>, options?: CallOptions): Promise<T> {
    return this.try(work, options).then(settledValue)
  }

  /** Runs work under the policy; the outcome is a value, whatever happens. */
  try<T>(work: Work<T>, options?: CallOptions): Promise<Outcome<T>> {
    check.fn('work', work)
    this.#chain ??= this.around(leafOfWork)
    return enter(this.#chain, callOf(undefined, [work], options)) as Promise<Outcome<T>>
  }

  /** The function under this policy. */
  wrap<F extends AnyFunction>(fn: F): Wrapped<F> {
    check.fn('fn', fn)
    return wrapFunction(fn, [this])
  }
}

function settledValue<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value
  throw errorOf(outcome)
}

function enter(chain: Next, call: Call): Promise<Outcome<unknown>> {
  const settling = chain(call)
  // What was attached to the caller's signal goes with the call. The chain never rejects.
  return call.cancellable ? settling.finally(() => call.end()) : settling
}

function callOf(self: unknown, args: readonly unknown[], options: CallOptions | undefined): Call {
  if (options === undefined) return new Call(self, args, undefined, TIER_DEFAULT, 0)
  const { signal, tier = TIER_DEFAULT, request = 0, startWithin } = options
  // Not `instanceof`: a signal of another realm is as good.
  if (signal !== undefined && (typeof signal.aborted !== 'boolean' || typeof signal.addEventListener !== 'function'))
    throw invalid('signal', 'an AbortSignal', signal)
  if (!Number.isInteger(tier) || tier < 0 || tier > 4) throw invalid('tier', 'a whole number from 0 to 4', tier)
  if (!Number.isSafeInteger(request) || request < 0)
    throw invalid('request', 'a whole number from 0 to 2^53 - 1', request)
  const call = new Call(self, args, signal, tier, request)
  if (startWithin !== undefined)
    call.startWithinMs = check.duration('startWithin', startWithin, { min: 0, max: 24 * 86_400_000 })
  return call
}

/** The function under these policies, the first one outermost. */
export function wrapFunction<F extends AnyFunction>(fn: F, layers: readonly Policy[]): Wrapped<F> {
  const chain = layers.reduceRight((next, layer) => layer.around(next), leafOf(fn))
  const through = (options: CallOptions | undefined): Direct => ({
    call(...args) {
      return enter(chain, callOf(this, args, options)).then(settledValue)
    },
    try(...args) {
      return enter(chain, callOf(ownerOf(this), args, options))
    },
  })
  const bound = (way: Direct) => Object.assign(way.call, { try: way.try })
  const direct = layers.length === 1 && !isAbortable(fn) ? layers[0]?.direct(fn) : undefined
  const options = { with: (given: CallOptions) => bound(through(given)) }
  return Object.assign(bound(direct ?? through(undefined)), options) as unknown as Wrapped<F>
}
