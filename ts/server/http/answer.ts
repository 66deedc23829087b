/**
 * Answers, before they become responses.
 */
import { Problem } from './problem.js'

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null
}

/** On every answer: nothing is guessed, framed, kept or told to others. */
const ALWAYS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

export const json = (value: unknown, headers: Readonly<Record<string, string>> = {}, status = 200): Reply => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  body: JSON.stringify(value),
})

export function problemReply(problem: Problem): Reply {
  return {
    status: problem.status,
    headers: { 'content-type': 'application/problem+json; charset=utf-8', ...problem.details.headers },
    body: JSON.stringify(problem.document),
  }
}

/** Whatever was thrown as a problem; what nobody expected says nothing about itself. */
export function problemOf(error: unknown): Problem {
  return error instanceof Problem
    ? error
    : new Problem('internal-error', 'this is a defect; the log of the process has more')
}

export function responseOf(reply: Reply, head: boolean, more: Readonly<Record<string, string>>): Response {
  const headers = new Headers({ ...ALWAYS, ...reply.headers, ...more })
  if (typeof reply.body === 'string') headers.set('content-length', `${new TextEncoder().encode(reply.body).length}`)
  else if (reply.body instanceof Uint8Array) headers.set('content-length', `${reply.body.byteLength}`)
  if (!head) return new Response(reply.body, { status: reply.status, headers })
  if (reply.body instanceof ReadableStream) reply.body.cancel().catch(() => {})
  return new Response(null, { status: reply.status, headers })
}

/** `If-Match`: the entity tags that it names, `*`, or null where it is not there. */
export function ifMatch(header: string | null): readonly string[] | '*' | null {
  if (header === null) return null
  if (header.trim() === '*') return '*'
  const tags = header.split(',').map((tag) => /^\s*"([\x21\x23-\x7e]{1,128})"\s*$/.exec(tag)?.[1])
  if (tags.length > 16 || tags.some((tag) => tag === undefined))
    throw new Problem('malformed-request', 'If-Match must be `*` or entity tags such as "0a1b2c"')
  return tags as string[]
}
