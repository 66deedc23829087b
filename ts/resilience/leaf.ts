/**
 * The innermost step: calls the work and makes an outcome of whatever it does.
 */
import type { Call, CallContext } from './call.js'
import { failure, type Outcome, success } from './outcome.js'

/** A step of a chain. It never rejects. */
export type Next = (call: Call) => Promise<Outcome<unknown>>

// biome-ignore lint/suspicious/noExplicitAny: any function can be protected
export type AnyFunction = (...args: any[]) => any

const ABORTABLE = Symbol.for('homeostat.abortable')

/** A function whose first parameter is the context of its call; callers do not pass it. */
export interface Abortable<A extends readonly unknown[], R> {
  (context: CallContext, ...args: A): R
  readonly [ABORTABLE]: true
}

/**
 * Marks a function that wants to know of its call: it is called with `{ signal, attempt }` first, and who calls what is made of it
 * leaves that out. Other functions get their arguments as they are; where such a call is not wanted any more, it is left to itself.
 */
export function abortable<A extends readonly unknown[], R>(
  fn: (context: CallContext, ...args: A) => R,
): Abortable<A, R> {
  const marked = function (this: unknown, context: CallContext, ...args: A): R {
    return fn.call(this, context, ...args)
  }
  return Object.defineProperty(marked, ABORTABLE, { value: true }) as Abortable<A, R>
}

export function isAbortable(fn: AnyFunction): boolean {
  return (fn as Partial<Abortable<[], unknown>>)[ABORTABLE] === true
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  (typeof value === 'object' || typeof value === 'function') &&
  value !== null &&
  typeof (value as PromiseLike<unknown>).then === 'function'

export function leaf(start: (call: Call) => unknown): Next {
  return async (call) => {
    if (call.cancelled) return failure('aborted', undefined, 0, call.reason)
    try {
      const started = start(call)
      if (!isThenable(started)) return success(started)
      return success(await (call.cancellable ? call.race(started) : started))
    } catch (error) {
      return call.cancelled ? failure('aborted', undefined, 0, call.reason) : failure('failed', undefined, 0, error)
    }
  }
}

/** The leaf that calls `fn` with the arguments of the call. */
export function leafOf(fn: AnyFunction): Next {
  return isAbortable(fn)
    ? leaf((call) => fn.call(call.self, call, ...call.args))
    : leaf((call) => fn.apply(call.self, call.args as unknown[]))
}

/** The leaf for work that is given with the call: its only argument. */
export const leafOfWork: Next = leaf((call) => (call.args[0] as (context: CallContext) => unknown)(call))
