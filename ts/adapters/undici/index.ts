/**
 * undici, `homeostat/undici`: an interceptor that protects every origin by itself, for a dispatcher of your own:
 * `new Agent().compose(interceptor({ reflex: reflex() }))`. The global dispatcher is left alone: what other parts of a program do with
 * `fetch` is none of our business.
 */
import { invalid } from '../../errors.js'
import { errorOf } from '../../resilience/errors.js'
import type { Limiter } from '../../resilience/limiter.js'
import { type Failure, failure } from '../../resilience/outcome.js'
import type { Component } from '../../resilience/reflex/component.js'
import type { ComponentOptions } from '../../resilience/reflex/options.js'
import type { Reflex } from '../../resilience/reflex/reflex.js'
import * as check from '../../schema/checks.js'
import { tierOf } from '../routes.js'
import { type Controller, type Handler, noController, Watched } from './handler.js'
import { Origins } from './origins.js'

/** A request as undici dispatches it. */
export interface DispatchOptions {
  readonly origin?: string | URL | undefined
  readonly path: string
  readonly method: string
}

export interface InterceptorOptions {
  /** The reflex that watches; its components are the origins. */
  readonly reflex: Reflex
  /** Options of every origin's component: its breaker. Default: the reflex's. */
  readonly breaker?: Omit<ComponentOptions, 'isFailure' | 'isFailureResult'> | undefined
  /** Makes the limiter of one origin: `() => limiter('adaptive')`. Default: none. */
  readonly limit?: ((origin: string) => Limiter) | undefined
  /** Name of an origin's component. Default: the origin. Where several origins have one name, they are one component. */
  readonly name?: ((origin: string) => string) | undefined
  /** Tier of a request: a number, or by what is asked. 0 (emergency) to 4 (background), default 2. */
  readonly tier?: number | ((options: DispatchOptions) => number) | undefined
  /** Whether an answer says that the origin fails. Default: 500 and above. */
  readonly isFailure?: ((status: number) => boolean) | undefined
  /** Origins that are remembered, the one that was used last the longest. 1 to 16384; default 1024. */
  readonly origins?: number | undefined
  /** Name of the component that calls, for the reflex's call graph. Default: none. */
  readonly caller?: string | undefined
}

export type Dispatch = (options: never, handler: never) => boolean
export type Interceptor = <D extends Dispatch>(dispatch: D) => D

const KEYS = ['reflex', 'breaker', 'limit', 'name', 'tier', 'isFailure', 'origins', 'caller'] as const

/** One origin: what admits its requests. */
interface Guarded {
  readonly component: Component
  readonly limiter: Limiter | undefined
}

/**
 * An interceptor for `compose`. A request that is refused fails with an `OpenCircuitError` or another `RefusedError`, without a
 * connection being asked for; its outcome is told when the response is complete.
 */
export function interceptor(options: InterceptorOptions): Interceptor {
  check.onlyKeys('interceptor', check.object('interceptor', options), KEYS)
  const { reflex, limit, name, tier = 2, isFailure = (status) => status >= 500 } = options
  if (typeof reflex?.component !== 'function') throw invalid('interceptor.reflex', 'made by reflex()', reflex)
  for (const [key, value] of Object.entries({ limit, name, isFailure }))
    if (value !== undefined) check.fn(`interceptor.${key}`, value)
  if (typeof tier !== 'function') tierOf('interceptor.tier', tier)
  const { clock } = reflex
  const caller = options.caller === undefined ? undefined : reflex.component(options.caller)
  const max = check.number('interceptor.origins', options.origins, { min: 1, max: 16_384, whole: true, fallback: 1024 })
  const origins = new Origins<Guarded>(max, (origin) => ({
    component: reflex.component((name?.(origin) ?? origin).slice(0, 128), { ...options.breaker }),
    limiter: limit?.(origin),
  }))

  return ((dispatch: (options: DispatchOptions, handler: Handler) => boolean) =>
    (asked: DispatchOptions, handler: Handler): boolean => {
      let guarded: Guarded
      let chosen: number
      try {
        guarded = origins.get(originOf(asked))
        chosen = tierOfRequest(tier, asked)
      } catch (error) {
        // No room for another origin, or a function of the options threw.
        return fail(handler, error as Error)
      }
      const { component, limiter } = guarded
      const nowUs = clock.nowUs()
      const permit = component.tryAcquire(chosen, nowUs)
      if (permit < 0) return refuse(handler, component.refusal(permit))
      const place = limiter === undefined ? 0 : limiter.tryAcquire()
      if (place < 0) {
        component.ignore(permit, nowUs)
        return refuse(handler, failure('limit', component.name))
      }
      if (caller !== undefined) reflex.events.call(caller, component, 0, nowUs)
      const watched = new Watched(handler, isFailure, (how, error) => {
        const endUs = clock.nowUs()
        if (how === 'ok') component.succeed(permit, endUs)
        else if (how === 'failed') component.fail(permit, error, endUs)
        else component.ignore(permit, endUs)
        if (limiter === undefined) return
        if (how === 'aborted') limiter.ignore(place)
        else if (error === undefined) limiter.served(place)
        else limiter.dropped(place)
      })
      try {
        return dispatch(asked, watched)
      } catch (error) {
        // What undici refuses to send says nothing about the origin.
        watched.abandon()
        throw error
      }
    }) as unknown as Interceptor
}

function originOf({ origin }: DispatchOptions): string {
  if (origin === undefined) return 'unknown origin'
  return typeof origin === 'string' ? origin : origin.origin
}

function tierOfRequest(tier: number | ((options: DispatchOptions) => number), asked: DispatchOptions): number {
  if (typeof tier === 'number') return tier
  const chosen = tier(asked)
  // Who chooses badly must not break the request.
  return Number.isInteger(chosen) && chosen >= 0 && chosen <= 4 ? chosen : 2
}

function refuse(handler: Handler, why: Failure): boolean {
  return fail(handler, errorOf(why) as Error)
}

/** Not at once: who sends does not expect to hear of it before it has sent. */
function fail(handler: Handler, error: Error): boolean {
  queueMicrotask(() => handler.onResponseError?.(noController(error), error))
  return true
}

export type { Controller, Handler }
