/**
 * Fastify, `homeostat/fastify`: latency, errors and requests in flight per route, load shed by tier, and a health endpoint.
 *
 * Fastify knows the route before its first hook, so every route is a component of its own, by its pattern. What it says of itself
 * stands in its configuration: `app.get('/search', { config: { homeostat: { tier: 3 } } }, handler)`; the table of the options counts for
 * routes that say nothing.
 */
import { Entrance, type EntranceOptions, type EntranceStats } from '../entrance.js'
import { answerHealth, enter, type NodeRequest, type NodeResponse } from '../node-http.js'
import type { Route, RouteOptions } from '../routes.js'

export type { EntranceOptions, EntranceStats } from '../entrance.js'
export type { RouteOptions, Routes } from '../routes.js'

/** What is needed of a request of Fastify. */
export interface FastifyGuardRequest {
  readonly method: string
  readonly url: string
  readonly raw: NodeRequest
  readonly routeOptions: { readonly url?: string | undefined; readonly config?: object | undefined }
}

/** What is needed of a reply. */
export interface FastifyGuardReply {
  readonly raw: NodeResponse
  hijack(): unknown
}

/** What is needed of an instance. */
export interface FastifyGuardHost {
  addHook(
    name: 'onRequest',
    hook: (request: FastifyGuardRequest, reply: FastifyGuardReply, done: () => void) => void,
  ): unknown
}

export interface FastifyGuard {
  // biome-ignore lint/suspicious/noExplicitAny: an instance of Fastify has type parameters of its own
  (instance: any, options: object, done: (error?: Error) => void): void
  readonly stats: EntranceStats
}

const ROUTES_MAX = 4096

/**
 * A plugin for all routes of the instance: `app.register(guard({ reflex, health: '/health' }))`, before the routes. What is refused
 * is answered with 503 and `retry-after`.
 */
export function guard(options: EntranceOptions): FastifyGuard {
  const entrance = new Entrance(options)
  const known = new Map<string, Route>()

  const routeOf = ({ method, url, routeOptions }: FastifyGuardRequest): Route => {
    const { config, url: pattern } = routeOptions
    if (pattern === undefined || config === undefined) return entrance.routeOf(method, url)
    const name = `${method} ${pattern}`
    const before = known.get(name)
    if (before !== undefined) return before
    const said = (config as { homeostat?: RouteOptions | number }).homeostat
    const route = entrance.known(method, pattern, said)
    if (known.size < ROUTES_MAX) known.set(name, route)
    return route
  }

  const plugin = (instance: FastifyGuardHost, _: object, done: () => void): void => {
    instance.addHook('onRequest', (request, reply, next) => {
      const { raw } = reply
      if (answerHealth(entrance, request.raw, request.url, raw) || !enter(entrance, routeOf(request), raw))
        reply.hijack()
      else next()
    })
    done()
  }
  return Object.defineProperties(plugin, {
    // For the whole instance, not for a scope of its own.
    [Symbol.for('skip-override')]: { value: true },
    [Symbol.for('fastify.display-name')]: { value: 'homeostat' },
    stats: { get: () => entrance.stats },
  }) as unknown as FastifyGuard
}
