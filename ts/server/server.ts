/**
 * The server as a function from a request to a response, whatever listens. What is checked, in this order: the host that the request
 * names, the origin of the page that sent it, its path, who sends it, what they may, and only then what it says.
 */

import { type AnyRoute, namesIn, Router } from './api/route.js'
import { ROUTES } from './api/routes.js'
import { type Assets, bytesOf, policyOf } from './assets/assets.js'
import { type Core, LOOPBACK } from './core.js'
import { problemOf, problemReply, type Reply, responseOf } from './http/answer.js'
import { type BodyLimits, jsonBody } from './http/body.js'
import { type Guarded, type GuardOptions, guard, isLocal } from './http/guard.js'
import { Problem } from './http/problem.js'
import { queryOf } from './http/query.js'
import type { Actor, Role, Tokens } from './http/tokens.js'

export interface Connection {
  /** Address of who asks, as the socket tells it. Without it nobody counts as being on this machine. */
  readonly peer?: string | undefined
  /** Path that the server stands under, where the framework knows. */
  readonly base?: string | undefined
}

export interface HandlerParts {
  readonly core: Core
  readonly tokens: Tokens
  readonly guard: GuardOptions
  readonly body: BodyLimits
  readonly base: string
  readonly assets: Assets
  /** What somebody on this machine may do without a token. */
  /** Of who asks from this machine without a token; nobody's where undefined. */
  readonly loopbackRole: () => Role | undefined
  /** Told of what nobody expected. */
  readonly onError: (error: unknown) => void
}

/** Segments that mean something to file systems, or that no name has. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is refused
const BAD_SEGMENT = /^\.{1,2}$|[\\\u0000-\u001f\u007f]/

export class Handler {
  readonly #parts: HandlerParts
  readonly #router = new Router(ROUTES)

  constructor(parts: HandlerParts) {
    this.#parts = parts
  }

  /** Whether there is something at a path, without the base. Below a base of its own everything is the server's, at the root only this. */
  has(path: string): boolean {
    return path.startsWith('/api/') || this.#router.find(path).size > 0 || this.#assetAt(path) !== undefined
  }

  async fetch(request: Request, connection: Connection = {}): Promise<Response> {
    const head = request.method === 'HEAD'
    let guarded: Guarded | undefined
    let cors: Record<string, string> = {}
    try {
      const url = new URL(request.url)
      guarded = guard(request.headers, url, this.#parts.guard)
      cors = corsOf(guarded)
      const preflight = preflightOf(request, guarded)
      if (preflight !== undefined) return responseOf(preflight, false, cors)
      return responseOf(await this.#answer(request, url, guarded, connection), head, cors)
    } catch (error) {
      if (!(error instanceof Problem)) this.#parts.onError(error)
      return responseOf(problemReply(problemOf(error)), head, cors)
    }
  }

  /** A refusal of what could not even be made a request of. */
  refuse(detail: string): Response {
    return responseOf(problemReply(new Problem('malformed-request', detail)), false, {})
  }

  async #answer(request: Request, url: URL, guarded: Guarded, connection: Connection): Promise<Reply> {
    const { base } = this.#parts
    const under = base === '' ? (connection.base ?? '') : base
    if (url.pathname === under && under !== '') return { status: 308, headers: { location: `${under}/` }, body: null }
    if (!url.pathname.startsWith(`${under}/`)) throw notFound()
    const path = url.pathname.slice(under.length)
    checkSegments(path)
    const found = this.#router.find(path)
    if (found.size === 0) return this.#asset(request, path)
    const method = request.method === 'HEAD' ? 'GET' : request.method
    const match = found.get(method)
    if (match === undefined) {
      const allow = [...found.keys()].flatMap((one) => (one === 'GET' ? ['GET', 'HEAD'] : [one])).join(', ')
      throw new Problem('method-not-allowed', `this resource has ${allow}`, { headers: { allow } })
    }
    return this.#handle(request, url, guarded, connection, match.route, match.path)
  }

  async #handle(
    request: Request,
    url: URL,
    guarded: Guarded,
    { peer }: Connection,
    route: AnyRoute,
    segments: readonly string[],
  ): Promise<Reply> {
    const actor = await this.#actor(request, guarded, peer, route)
    const path = Object.fromEntries(
      namesIn(route.path).map((name, i) => [name, decodeURIComponent(segments[i] as string)]),
    )
    const query = queryOf(url.searchParams, route.query ?? {})
    const given =
      route.body === undefined ? { value: undefined, text: '' } : await jsonBody(request, route.body, this.#parts.body)
    const { core } = this.#parts
    return route.handle({ core, actor, peer, request, path, query, body: given.value, bodyText: given.text })
  }

  async #actor(request: Request, guarded: Guarded, peer: string | undefined, route: AnyRoute): Promise<Actor> {
    const { tokens } = this.#parts
    const loopbackRole = this.#parts.loopbackRole()
    if (route.role === 'none') return { name: LOOPBACK, role: 'read' }
    const authorization = request.headers.get('authorization')
    const local =
      authorization === null && loopbackRole !== undefined && isLocal(request.headers, guarded.hostname, peer)
    const actor: Actor = local ? { name: LOOPBACK, role: loopbackRole } : await tokens.actorOf(authorization)
    if (route.role === 'operate' && actor.role !== 'operate')
      throw new Problem('role-too-low', 'this needs a token of role `operate`', {
        headers: { 'www-authenticate': 'Bearer realm="homeostat", error="insufficient_scope"' },
      })
    return actor
  }

  #assetAt(path: string): Assets[string] | undefined {
    return Object.hasOwn(this.#parts.assets, path.slice(1)) ? this.#parts.assets[path.slice(1)] : undefined
  }

  #asset(request: Request, path: string): Reply {
    const asset = this.#assetAt(path)
    if (asset === undefined) throw notFound()
    if (request.method !== 'GET' && request.method !== 'HEAD')
      throw new Problem('method-not-allowed', 'this resource has GET, HEAD', { headers: { allow: 'GET, HEAD' } })
    return {
      status: 200,
      headers: {
        'content-type': asset.type,
        'content-security-policy': policyOf(asset),
        ...(asset.immutable === true && { 'cache-control': 'public, max-age=31536000, immutable' }),
      },
      body: bytesOf(asset),
    }
  }
}

const notFound = () => new Problem('not-found', 'there is nothing at this path')

function checkSegments(path: string): void {
  for (const segment of path.split('/')) {
    let decoded: string
    try {
      decoded = decodeURIComponent(segment)
    } catch {
      throw new Problem('malformed-request', 'the path is not valid UTF-8 in percent encoding')
    }
    if (decoded.split('/').some((part) => BAD_SEGMENT.test(part)))
      throw new Problem('malformed-request', 'the path has segments that no path here has')
  }
}

const corsOf = ({ origin }: Guarded): Record<string, string> =>
  origin === undefined
    ? {}
    : {
        'access-control-allow-origin': origin,
        'access-control-expose-headers': 'etag, idempotency-replayed, retry-after',
        vary: 'origin',
      }

/** What a page of a listed origin asks before it asks. */
function preflightOf(request: Request, { origin }: Guarded): Reply | undefined {
  if (request.method !== 'OPTIONS' || origin === undefined) return undefined
  if (request.headers.get('access-control-request-method') === null) return undefined
  return {
    status: 204,
    headers: {
      'access-control-allow-methods': 'GET, HEAD, POST',
      'access-control-allow-headers': 'authorization, content-type, idempotency-key, if-match, last-event-id',
      'access-control-max-age': '600',
    },
    body: null,
  }
}
