/**
 * The server in Express, Fastify and Hono. None of them is imported: what is needed is written down as a type.
 */
import type { Handler } from '../server.js'
import { answer, hangUp, type NodeRequest, type NodeResponse } from './node.js'

/** A request as Express hands it on. */
export interface ExpressRequest extends NodeRequest {
  readonly originalUrl?: string | undefined
  /** Path that the middleware stands under. */
  readonly baseUrl?: string | undefined
}

export type ExpressMiddleware = (
  request: ExpressRequest,
  response: NodeResponse,
  next: (error?: unknown) => void,
) => void

export function express(handler: Handler, base: string): ExpressMiddleware {
  return (request, response, next) => {
    const url = request.originalUrl ?? request.url ?? '/'
    if (!isOurs(handler, url, base === '' ? (request.baseUrl ?? '') : base)) return next()
    answer(handler, request, response, { url, base: request.baseUrl }).catch(next)
  }
}

/** What is needed of a context of Hono; `env` is what its server for Node puts there. */
export interface HonoContext {
  readonly req: { readonly raw: Request }
  readonly env?: unknown
}

export type HonoMiddleware = (context: HonoContext, next: () => Promise<void>) => Promise<Response | undefined>

export function hono(handler: Handler, base: string): HonoMiddleware {
  return async ({ req, env }, next) => {
    const { pathname } = new URL(req.raw.url)
    if (!isOurs(handler, pathname, base)) {
      await next()
      return undefined
    }
    const incoming = (env as { incoming?: NodeRequest } | undefined)?.incoming
    return handler.fetch(req.raw, { peer: incoming?.socket?.remoteAddress })
  }
}

export interface FastifyHost {
  readonly prefix: string
  removeAllContentTypeParsers(): unknown
  addContentTypeParser(
    type: string,
    parser: (request: unknown, payload: unknown, done: (error: null) => void) => void,
  ): unknown
  route(options: {
    readonly method: readonly string[]
    readonly url: string
    readonly exposeHeadRoute?: boolean
    handler(request: { readonly raw: NodeRequest }, reply: { readonly raw: NodeResponse; hijack(): unknown }): void
  }): unknown
}

// biome-ignore lint/suspicious/noExplicitAny: an instance of Fastify has type parameters of its own
export type FastifyPlugin = (instance: any, options: object, done: (error?: Error) => void) => void

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

export function fastify(handler: Handler, base: string): FastifyPlugin {
  return (instance: FastifyHost, _options, done) => {
    // In a scope of its own: bodies come as they are, so that their bounds hold.
    instance.removeAllContentTypeParsers()
    instance.addContentTypeParser('*', (_request, _payload, ready) => ready(null))
    const under = base === '' ? instance.prefix : base
    const prefix = under.startsWith(instance.prefix) ? under.slice(instance.prefix.length) : under
    for (const url of new Set([prefix === '' ? '/' : prefix, `${prefix}/*`])) {
      instance.route({
        method: METHODS,
        url,
        exposeHeadRoute: false,
        handler: (request, reply) => {
          reply.hijack()
          answer(handler, request.raw, reply.raw, { base: under }).catch(() => hangUp(request.raw))
        },
      })
    }
    done()
  }
}

/** At the root the application's own paths are not answered with 404: only what is there is the server's. */
function isOurs(handler: Handler, url: string, base: string): boolean {
  if (base === '') return handler.has(url.split('?', 1)[0] as string)
  return url === base || url.startsWith(`${base}/`) || url.startsWith(`${base}?`)
}
