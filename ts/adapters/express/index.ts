/**
 * Express, `homeostat/express`: latency, errors and requests in flight per route, load shed by tier, and a health endpoint. It also fits
 * whatever else takes `(request, response, next)` over `node:http`.
 */
import { Entrance, type EntranceOptions, type EntranceStats } from '../entrance.js'
import { answerHealth, enter, type NodeRequest, type NodeResponse } from '../node-http.js'

export type { EntranceOptions, EntranceStats } from '../entrance.js'
export type { RouteOptions, Routes } from '../routes.js'

/** A request as Express hands it on. */
export interface ExpressRequest extends NodeRequest {
  /** The whole URL, where the middleware is mounted below a path. */
  readonly originalUrl?: string | undefined
}

export interface ExpressGuard {
  (request: ExpressRequest, response: NodeResponse, next: (error?: unknown) => void): void
  readonly stats: EntranceStats
}

/**
 * Middleware for all requests: `app.use(guard({ reflex, routes: { '/items/:id': 1, 'GET /search': 3 }, health: '/health' }))`, before
 * the routes. What is refused is answered with 503 and `retry-after`.
 */
export function guard(options: EntranceOptions): ExpressGuard {
  const entrance = new Entrance(options)
  const middleware = (request: ExpressRequest, response: NodeResponse, next: (error?: unknown) => void): void => {
    const url = request.originalUrl ?? request.url ?? '/'
    if (answerHealth(entrance, request, url, response)) return
    if (enter(entrance, entrance.routeOf(request.method ?? 'GET', url), response)) next()
  }
  return Object.defineProperty(middleware, 'stats', { get: () => entrance.stats }) as unknown as ExpressGuard
}
