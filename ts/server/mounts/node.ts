/**
 * Node's requests and responses as web-standard ones, for `node:http`, Express and Fastify. What is needed of them is written down
 * here, so that nothing of Node or of a framework is imported.
 */
import type { Connection, Handler } from '../server.js'

export interface NodeSocket {
  readonly remoteAddress?: string | undefined
  readonly encrypted?: boolean
}

export interface NodeRequest {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly rawHeaders: readonly string[]
  readonly socket: NodeSocket
  /** What a parser of the framework has made of the body already. */
  readonly body?: unknown
  readonly complete: boolean
  readonly readableEnded: boolean
  /** Of HTTP/2. */
  readonly stream?: { close?(): unknown; readonly endAfterHeaders?: boolean } | undefined
  on(event: string, listener: (value: never) => void): unknown
  off(event: string, listener: (value: never) => void): unknown
  pause(): unknown
  resume(): unknown
  destroy(): unknown
}

export interface NodeResponse {
  statusCode: number
  readonly headersSent: boolean
  readonly writableEnded: boolean
  readonly destroyed: boolean
  setHeader(name: string, value: string): unknown
  write(chunk: Uint8Array): boolean
  end(): unknown
  on(event: string, listener: () => void): unknown
  once(event: string, listener: () => void): unknown
  off(event: string, listener: () => void): unknown
  flushHeaders?(): unknown
}

/** Of these there may be one. */
const ONCE = new Set([
  ':authority',
  'host',
  'authorization',
  'content-length',
  'content-type',
  'origin',
  'if-match',
  'idempotency-key',
])
/** What could stand for another path to somebody else: refused as it came, before anything is resolved. */
const SUSPICIOUS = /(?:^|[/\\])(?:\.|%2e){1,2}(?:[/\\?#]|$)|\\|%00|[^\x21-\x7e]/i

interface Given {
  readonly url?: string | undefined
  readonly base?: string | undefined
  /** When what listens ends: its streams end with it, others go on. */
  readonly until?: AbortSignal | undefined
}

export async function answer(
  handler: Handler,
  request: NodeRequest,
  response: NodeResponse,
  given: Given = {},
): Promise<void> {
  const ended = new AbortController()
  response.once('close', () => ended.abort())
  const asked = requestOf(request, given.url ?? request.url ?? '/', ended.signal)
  const connection: Connection = { peer: request.socket.remoteAddress, base: given.base }
  const reply = asked instanceof Request ? await handler.fetch(asked, connection) : handler.refuse(asked)
  await send(reply, request, response, given.until)
}

/** A request, or why there is none. */
function requestOf(request: NodeRequest, url: string, signal: AbortSignal): Request | string {
  const path = url.split('?', 1)[0] as string
  if (!url.startsWith('/') || SUSPICIOUS.test(path)) return 'the path is none that is served here'
  const headers = new Headers()
  const seen = new Set<string>()
  const { rawHeaders, socket } = request
  try {
    for (let i = 0; i < rawHeaders.length; i += 2) {
      const name = (rawHeaders[i] as string).toLowerCase()
      // HTTP/2 says in pseudo-headers what HTTP/1 says in its first line and in Host.
      if (name.startsWith(':') && name !== ':authority') continue
      if (ONCE.has(name) && seen.has(name)) return `the header ${name} came twice`
      seen.add(name)
      if (name !== ':authority') headers.append(name, rawHeaders[i + 1] as string)
    }
    const authority = authorityOf(rawHeaders)
    const host = headers.get('host') ?? authority ?? null
    if (authority !== undefined && authority !== host) return 'the request names two hosts'
    // The host is checked later: here it only has to make a URL.
    if (host === null || !/^[A-Za-z0-9.:[\]-]+$/.test(host)) return 'the Host header is missing, or none'
    const method = request.method ?? 'GET'
    const body = method === 'GET' || method === 'HEAD' ? null : bodyOf(request)
    headers.set('host', host)
    // Not relative to the host: a path of two slashes would name another one.
    return new Request(`${socket.encrypted === true ? 'https' : 'http'}://${host}${url}`, {
      method,
      headers,
      signal,
      ...(body !== null && { body, duplex: 'half' }),
    } as RequestInit)
  } catch {
    return 'the request cannot be understood'
  }
}

/** Undefined: it is not HTTP/2. */
function authorityOf(rawHeaders: readonly string[]): string | undefined {
  const at = rawHeaders.findIndex((name, i) => i % 2 === 0 && name === ':authority')
  return at < 0 ? undefined : rawHeaders[at + 1]
}

function bodyOf(request: NodeRequest): ReadableStream<Uint8Array> | string | null {
  const { body } = request
  if (request.readableEnded && body !== undefined) return typeof body === 'string' ? body : JSON.stringify(body)
  let over = false
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const end = (how: () => void) => (): void => {
          if (over) return
          over = true
          how()
        }
        request.on('data', (chunk: Uint8Array) => {
          if (over) return
          controller.enqueue(new Uint8Array(chunk))
          if ((controller.desiredSize ?? 0) <= 0) request.pause()
        })
        request.on(
          'end',
          end(() => controller.close()),
        )
        request.on(
          'error',
          end(() => controller.error(new Error('the request broke off'))),
        )
        request.on(
          'close',
          end(() => controller.error(new Error('the request broke off'))),
        )
        request.pause()
      },
      pull() {
        request.resume()
      },
      cancel() {
        over = true
        request.pause()
      },
    },
    { highWaterMark: 1 },
  )
}

/** Ends the connection of a request, or of HTTP/2 its stream alone. */
export function hangUp(request: NodeRequest): void {
  if (typeof request.stream?.close === 'function') request.stream.close()
  else request.destroy()
}

async function send(
  reply: Response,
  request: NodeRequest,
  response: NodeResponse,
  until: AbortSignal | undefined,
): Promise<void> {
  if (response.destroyed || response.headersSent) {
    await reply.body?.cancel()
    return
  }
  response.statusCode = reply.status
  for (const [name, value] of reply.headers) response.setHeader(name, value)
  // What is left of a body is not waited for: the connection ends with the answer.
  const whole = request.complete || !hasBody(request)
  if (!whole) {
    // HTTP/2 ends one stream instead.
    if (authorityOf(request.rawHeaders) === undefined) response.setHeader('connection', 'close')
    // What has arrived is read and dropped: a connection that ends over unread bytes may take the answer with it.
    request.resume()
  }
  if (reply.body !== null) await pipe(reply.body, response, until)
  response.end()
  if (!whole) response.once('finish', () => hangUp(request))
}

const hasBody = ({ rawHeaders, stream }: NodeRequest): boolean =>
  stream?.endAfterHeaders === false ||
  rawHeaders.some(
    (name, i) => i % 2 === 0 && /^(content-length|transfer-encoding)$/i.test(name) && rawHeaders[i + 1] !== '0',
  )

/** As fast as the other side reads; ends when it goes away, or when whoever writes gives it up. */
async function pipe(
  body: ReadableStream<Uint8Array>,
  response: NodeResponse,
  until: AbortSignal | undefined,
): Promise<void> {
  const reader = body.getReader()
  const gone = (): void => void reader.cancel().catch(() => {})
  const over = reader.closed.catch(() => {})
  response.once('close', gone)
  until?.addEventListener('abort', gone)
  if (until?.aborted === true) gone()
  response.flushHeaders?.()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done || response.destroyed) return
      if (!response.write(value)) await Promise.race([drained(response), over])
    }
  } finally {
    response.off('close', gone)
    until?.removeEventListener('abort', gone)
  }
}

function drained(response: NodeResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done)
      response.off('close', done)
      resolve()
    }
    response.on('drain', done)
    response.on('close', done)
  })
}
