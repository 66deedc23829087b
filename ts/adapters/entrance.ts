/**
 * Where requests come in: what every adapter for a server does with one, whatever the framework.
 *
 * Admission is a permit of the route's component, so that the reflex sheds by tier and knows what is in flight; behind it stands the
 * limiter, whose last places are kept for the more important tiers. How a request ended is told as an event: latency, and whether it
 * failed. The breaker of an entrance is disabled, against cascades too: nobody is protected by closing the door.
 *
 * Where the calls of the application name the entrance's component as their `caller`, the reflex knows where requests come in.
 */
import type { Clock } from '../clock.js'
import { invalid } from '../errors.js'
import type { Limiter } from '../resilience/limiter.js'
import { type Failure, failure } from '../resilience/outcome.js'
import type { Component } from '../resilience/reflex/component.js'
import type { Reflex } from '../resilience/reflex/reflex.js'
import * as check from '../schema/checks.js'
import { nameOf, type Route, type RouteOptions, type Routes, RouteTable, routeOf, tierOf } from './routes.js'

export interface EntranceOptions {
  /** The reflex that watches; its components are the routes. */
  readonly reflex: Reflex
  /** Bounds the requests in flight, for all routes together. Default: none. */
  readonly limiter?: Limiter | undefined
  /** Sheds by a capacity of its own, besides the reflex: `shedder()` of `homeostat/flow`. Default: none. */
  readonly shedder?: { admit(tier: number): boolean } | undefined
  /** Name of the component of requests that are of no route, and of all others' names the beginning. Default 'http'. */
  readonly name?: string | undefined
  /** Of requests that are of no route, and of routes that do not say: 0 (emergency) to 4 (background). Default 2. */
  readonly tier?: number | undefined
  /** Routes by pattern; see `Routes`. Default: none. */
  readonly routes?: Routes | undefined
  /** Path of the health endpoint, which is answered before everything else. Default: none. */
  readonly health?: string | undefined
}

/** What is in flight at an entrance, and what became of the rest. */
export interface EntranceStats {
  readonly inFlight: number
  readonly served: number
  /** Answered with 500 or above, or ended by an error. */
  readonly failed: number
  /** Whose clients went away. */
  readonly aborted: number
  /** By tier, 0 to 4. */
  readonly refused: readonly number[]
}

/** Of the limit, for each tier: the last places are kept for who matters more. Tier 0 passes in any case. */
const ROOM = [1, 1, 0.95, 0.85, 0.7] as const
/** Emergencies that pass over the limit at once. */
const EMERGENCIES_MAX = 1000

export const ENTRANCE_KEYS = ['reflex', 'limiter', 'shedder', 'name', 'tier', 'routes', 'health'] as const

export class Entrance {
  readonly reflex: Reflex
  readonly health: string | undefined
  readonly #clock: Clock
  readonly #limiter: Limiter | undefined
  readonly #shedder: EntranceOptions['shedder']
  readonly #table: RouteTable
  readonly #other: Route
  readonly #fallback: Component
  readonly #components = new Map<string, Component>()
  readonly #refused = [0, 0, 0, 0, 0]
  #over = 0
  #inFlight = 0
  #served = 0
  #failed = 0
  #aborted = 0

  constructor(options: EntranceOptions, at = 'guard') {
    check.onlyKeys(at, check.object(at, options), ENTRANCE_KEYS)
    const { reflex, limiter, shedder } = options
    // Not `instanceof`: a copy of the package that was loaded in the other module format is as good.
    if (typeof reflex?.component !== 'function') throw invalid(`${at}.reflex`, 'made by reflex()', reflex)
    if (limiter !== undefined && typeof limiter?.tryAcquire !== 'function')
      throw invalid(`${at}.limiter`, 'made by limiter()', limiter)
    if (shedder !== undefined && typeof shedder?.admit !== 'function')
      throw invalid(`${at}.shedder`, 'made by shedder()', shedder)
    const name = options.name === undefined ? 'http' : nameOf(`${at}.name`, options.name)
    const tier = options.tier === undefined ? 2 : tierOf(`${at}.tier`, options.tier)
    if (options.health !== undefined && !/^\/[^?#\s]*$/.test(options.health))
      throw invalid(`${at}.health`, "a path such as '/health'", options.health)
    this.reflex = reflex
    this.health = options.health
    this.#clock = reflex.clock
    this.#limiter = limiter
    this.#shedder = shedder
    this.#table = new RouteTable(`${at}.routes`, options.routes ?? {}, name, tier)
    this.#other = { name, tier }
    this.#fallback = this.#made(name)
  }

  /** The route of a request, by the table alone. */
  routeOf(method: string, url: string): Route {
    return this.#table.find(method, url) ?? this.#other
  }

  /** A route that the framework knows: by what it says of itself, else by the table, else by its pattern. */
  known(method: string, pattern: string, said: RouteOptions | number | undefined): Route {
    const listed = said === undefined ? this.#table.find(method, pattern) : undefined
    if (listed !== undefined) return listed
    return routeOf('homeostat', `${this.#other.name} ${method} ${pattern}`, said ?? {}, this.#other.tier)
  }

  /** Lets a request in, or says why not. Whoever was let in calls `end()`. */
  admit(route: Route): Pass | Failure {
    if (this.#shedder?.admit(route.tier) === false) return this.#refuse(route, failure('shed', route.name))
    const nowUs = this.#clock.nowUs()
    const component = this.#component(route.name)
    const permit = component.tryAcquire(route.tier, nowUs)
    if (permit < 0) return this.#refuse(route, component.refusal(permit))
    const place = this.#place(route.tier)
    if (place === NONE) {
      component.ignore(permit, nowUs)
      return this.#refuse(route, failure('limit', route.name))
    }
    this.#inFlight++
    return new Pass(this, component, permit, place, nowUs)
  }

  /** A place under the limit: a permit, `OVER` for an emergency above it, `NONE`. */
  #place(tier: number): number {
    const limiter = this.#limiter
    if (limiter === undefined) return UNLIMITED
    const room = ROOM[tier] as number
    if (room === 1 || limiter.inFlight < limiter.limit * room) {
      const permit = limiter.tryAcquire()
      if (permit > 0) return permit
    }
    if (tier > 0 || this.#over >= EMERGENCIES_MAX) return NONE
    this.#over++
    return OVER
  }

  #refuse(route: Route, why: Failure): Failure {
    this.#refused[route.tier] = (this.#refused[route.tier] as number) + 1
    return why
  }

  #component(name: string): Component {
    let component = this.#components.get(name)
    if (component === undefined) {
      try {
        component = this.#made(name)
      } catch {
        // The reflex has no room: such requests are counted with those of no route, rather than lost.
        component = this.#fallback
      }
      this.#components.set(name, component)
    }
    return component
  }

  #made(name: string): Component {
    const component = this.reflex.component(name, { pinned: true })
    component.disable()
    return component
  }

  /** @internal */
  leave(component: Component, permit: number, place: number, sinceUs: number, how: Ended): void {
    const nowUs = this.#clock.nowUs()
    this.#inFlight--
    if (place === OVER) this.#over--
    else if (place !== UNLIMITED) {
      if (how === 'aborted') this.#limiter?.ignore(place)
      else this.#limiter?.served(place)
    }
    // The permit says nothing: what is known is told by the event.
    component.ignore(permit, nowUs)
    if (how === 'aborted') {
      this.#aborted++
      return
    }
    const failed = how >= 500
    if (failed) this.#failed++
    else this.#served++
    const { events } = this.reflex
    // A duration of 0 would stand for one that is not known.
    const latencyUs = Math.max(1, nowUs - sinceUs)
    if (failed) events.requestEnd(component, 0, 'failed', latencyUs, { name: `HTTP ${how}` }, nowUs)
    else events.requestEnd(component, 0, 'ok', latencyUs, undefined, nowUs)
  }

  get stats(): EntranceStats {
    return {
      inFlight: this.#inFlight,
      served: this.#served,
      failed: this.#failed,
      aborted: this.#aborted,
      refused: [...this.#refused],
    }
  }
}

/** Places that are no permit of the limiter. */
const UNLIMITED = -1
const OVER = -2
const NONE = -3

/** The status that a request was answered with, or that nobody waited for the answer. */
export type Ended = number | 'aborted'

/** A request that was let in. */
export class Pass {
  readonly ok = true
  readonly #entrance: Entrance
  readonly #component: Component
  readonly #permit: number
  readonly #place: number
  readonly #sinceUs: number
  #ended = false

  constructor(entrance: Entrance, component: Component, permit: number, place: number, sinceUs: number) {
    this.#entrance = entrance
    this.#component = component
    this.#permit = permit
    this.#place = place
    this.#sinceUs = sinceUs
  }

  /** It is over; the first call counts. */
  end(how: Ended): void {
    if (this.#ended) return
    this.#ended = true
    this.#entrance.leave(this.#component, this.#permit, this.#place, this.#sinceUs, how)
  }
}

/** What a refused request is answered with. */
export interface Refusal {
  readonly status: 503
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export function refusalOf(why: Failure): Refusal {
  const { code, reason, retryAfterMs } = why
  // Who comes back at once only adds to the load.
  const seconds = Number.isFinite(retryAfterMs) ? Math.max(1, Math.ceil(retryAfterMs / 1000)) : 60
  return {
    status: 503,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      'retry-after': String(seconds),
    },
    body: JSON.stringify({ code, reason, retryAfterSeconds: seconds }),
  }
}
