/**
 * An entrance before Node's own requests and responses, which Express, Fastify and `node:http` have in common. What is needed of them is
 * written down here, so that nothing of Node or of a framework is imported.
 */
import { type Entrance, type Pass, refusalOf } from './entrance.js'
import { type HealthAnswer, healthAnswer } from './health.js'
import type { Route } from './routes.js'

export interface NodeRequest {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

export interface NodeResponse {
  statusCode: number
  readonly headersSent: boolean
  once(event: 'finish' | 'close', listener: () => void): unknown
  setHeader(name: string, value: string): unknown
  end(body?: string): unknown
}

/** Answers the health endpoint: true where that was it. */
export function answerHealth(entrance: Entrance, request: NodeRequest, url: string, response: NodeResponse): boolean {
  const { health, reflex } = entrance
  const { method } = request
  if (health === undefined || (method !== 'GET' && method !== 'HEAD') || !isPath(url, health)) return false
  const { accept } = request.headers
  send(response, healthAnswer(reflex, url, typeof accept === 'string' ? accept : ''), method === 'HEAD')
  return true
}

export function isPath(url: string, path: string): boolean {
  return url === path || (url.startsWith(path) && url[path.length] === '?')
}

/** Lets a request in and follows it to its end, or answers it with the refusal: false. */
export function enter(entrance: Entrance, route: Route, response: NodeResponse): boolean {
  const pass = entrance.admit(route)
  if (!pass.ok) {
    send(response, refusalOf(pass), false)
    return false
  }
  follow(pass as Pass, response)
  return true
}

function follow(pass: Pass, response: NodeResponse): void {
  response.once('finish', () => pass.end(response.statusCode))
  // Without a finish before it, the client went away.
  response.once('close', () => pass.end('aborted'))
}

function send(
  response: NodeResponse,
  { status, headers, body }: Pick<HealthAnswer, 'headers' | 'body'> & { readonly status: number },
  head: boolean,
): void {
  response.statusCode = status
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  response.end(head ? undefined : body)
}
