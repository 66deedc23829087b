/** Requests as they are on the wire, since `fetch` would put right what these tests are about. */
import { connect } from 'node:net'
import type { Mounted } from './mounted.js'

export interface Answer {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly body: string
  /** The body as JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly json: any
}

export interface Asked {
  readonly method?: string
  /** Below the server's base. */
  readonly path?: string
  readonly token?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
  /** JSON, unless it is text. */
  readonly body?: unknown
}

/** One request over a connection of its own. */
export async function ask(
  at: Mounted,
  { method = 'GET', path = '/', token, headers = {}, body }: Asked,
): Promise<Answer> {
  const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body)
  const all: Record<string, string> = {
    host: `127.0.0.1:${at.port}`,
    connection: 'close',
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(text !== undefined && { 'content-type': 'application/json', 'content-length': `${Buffer.byteLength(text)}` }),
    ...headers,
  }
  const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return raw(at, `${method} ${at.base}${path} HTTP/1.1\r\n${head.join('')}\r\n${text ?? ''}`)
}

/** Bytes as they are given; ends with the connection, or after `ms`. */
export async function raw(at: Mounted, text: string, ms = 60_000): Promise<Answer> {
  const socket = connect(at.port, '127.0.0.1')
  const parts: Buffer[] = []
  try {
    await new Promise<void>((resolve) => {
      const late = setTimeout(resolve, ms)
      socket.on('data', (part) => parts.push(part))
      socket.on('error', () => resolve())
      socket.on('close', () => {
        clearTimeout(late)
        resolve()
      })
      socket.write(text)
    })
  } finally {
    socket.destroy()
  }
  return parse(Buffer.concat(parts).toString('utf8'))
}

export function parse(text: string): Answer {
  const [head = '', ...rest] = text.split('\r\n\r\n')
  const [line = '', ...fields] = head.split('\r\n')
  const headers = new Map(
    fields.map((field) => {
      const colon = field.indexOf(':')
      return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()] as const
    }),
  )
  const whole = rest.join('\r\n\r\n')
  const body = headers.get('transfer-encoding') === 'chunked' ? unchunked(whole) : whole
  return {
    status: Number(line.split(' ')[1]),
    headers,
    body,
    get json() {
      return JSON.parse(body)
    },
  }
}

function unchunked(text: string): string {
  const bytes = Buffer.from(text, 'utf8')
  const parts: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf('\r\n', at)
    const size = Number.parseInt(bytes.subarray(at, end).toString(), 16)
    if (!(size > 0)) break
    parts.push(bytes.subarray(end + 2, end + 2 + size))
    at = end + 2 + size + 2
  }
  return Buffer.concat(parts).toString('utf8')
}
