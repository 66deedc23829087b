/**
 * Hono, `homeostat/hono`: latency, errors and requests in flight per route, load shed by tier, and a health endpoint, in every runtime
 * that Hono runs in. A latency ends with the response's head: the body may be a stream that nobody reads to its end.
 */
import { Entrance, type EntranceOptions, type EntranceStats, type Pass, refusalOf } from '../entrance.js'
import { healthAnswer } from '../health.js'
import { isPath } from '../node-http.js'

export type { EntranceOptions, EntranceStats } from '../entrance.js'
export type { RouteOptions, Routes } from '../routes.js'

/** What is needed of a context of Hono. */
export interface HonoContext {
  readonly req: { readonly method: string; readonly url: string; readonly raw: Request }
  readonly res: Response
  readonly error: Error | undefined
}

export interface HonoGuard {
  (context: HonoContext, next: () => Promise<void>): Promise<Response | undefined>
  readonly stats: EntranceStats
}

/**
 * Middleware for all requests: `app.use(guard({ reflex, routes: { '/items/:id': 1, 'GET /search': 3 }, health: '/health' }))`, before
 * the routes. What is refused is answered with 503 and `retry-after`.
 */
export function guard(options: EntranceOptions): HonoGuard {
  const entrance = new Entrance(options)
  const middleware = async (context: HonoContext, next: () => Promise<void>): Promise<Response | undefined> => {
    const { method, raw } = context.req
    const url = pathOf(context.req.url)
    const { health } = entrance
    if (health !== undefined && (method === 'GET' || method === 'HEAD') && isPath(url, health)) {
      const { status, headers, body } = healthAnswer(entrance.reflex, url, raw.headers.get('accept') ?? '')
      return new Response(method === 'HEAD' ? null : body, { status, headers })
    }
    const admitted = entrance.admit(entrance.routeOf(method, url))
    if (!admitted.ok) {
      const { status, headers, body } = refusalOf(admitted)
      return new Response(body, { status, headers })
    }
    const pass = admitted as Pass
    try {
      await next()
      // Hono's own handler of errors may answer below 500 on purpose: then that is what counts.
      pass.end(raw.signal?.aborted ? 'aborted' : context.res.status)
    } catch (error) {
      pass.end(raw.signal?.aborted ? 'aborted' : 500)
      throw error
    }
    return undefined
  }
  return Object.defineProperty(middleware, 'stats', { get: () => entrance.stats }) as unknown as HonoGuard
}

/** Path and query of a whole URL. */
function pathOf(url: string): string {
  const start = url.indexOf('/', url.indexOf('//') + 2)
  return start < 0 ? '/' : url.slice(start)
}
