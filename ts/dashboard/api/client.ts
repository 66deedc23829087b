/**
 * Questions and commands to the server that this page came from. Paths are relative to the page, so that it works below any prefix.
 * The token, where one is needed, is kept for this tab only and sent in a header, never in an address.
 */
import type { CommandResult } from '../../server/api/commands.js'
import { kept, TOKEN } from './kept.js'

export interface ProblemDocument {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly violation?: string
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[]
}

/** What the server refused, as its problem document says it; status 0: no answer came. */
export class ProblemError extends Error {
  readonly problem: ProblemDocument

  constructor(problem: ProblemDocument) {
    super(problem.title)
    this.problem = problem
  }

  get kind(): string {
    return this.problem.type.replace('urn:homeostat:problem:', '')
  }
}

const UNREACHABLE: ProblemDocument = {
  type: 'urn:homeostat:problem:unreachable',
  title: 'The process cannot be reached',
  status: 0,
  detail: 'It has ended, or something on the way is down. Nothing is known to have been done.',
}

export class Client {
  readonly #base: URL

  constructor(base: URL) {
    this.#base = base
  }

  get token(): string | null {
    return kept('sessionStorage', TOKEN)
  }

  set token(value: string | null) {
    try {
      if (value === null) sessionStorage.removeItem(TOKEN)
      else sessionStorage.setItem(TOKEN, value)
    } catch {
      // Without storage the token is asked for again after a reload.
    }
  }

  async get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return (await this.fetch(path, signal === undefined ? {} : { signal })).json() as Promise<T>
  }

  /** `revision`: of what the person looked at; the server refuses where it has changed since. Null: whatever there is. */
  async command(path: string, body: object, revision: string | null): Promise<CommandResult> {
    const answer = await this.fetch(path, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: {
        'content-type': 'application/json',
        'idempotency-key': key(),
        ...(revision !== null && { 'if-match': `"${revision}"` }),
      },
    })
    return answer.json() as Promise<CommandResult>
  }

  /** Throws {@link ProblemError}. */
  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers)
    const { token } = this
    if (token !== null) headers.set('authorization', `Bearer ${token}`)
    const url = new URL(path, this.#base)
    return checked(fetch(url, { ...init, headers, credentials: 'omit', cache: 'no-store' }), init.signal)
  }
}

/** The answer to a question that was asked. Throws {@link ProblemError}. */
export async function checked(asked: Promise<Response>, signal?: AbortSignal | null): Promise<Response> {
  let answer: Response
  try {
    answer = await asked
  } catch (error) {
    if (signal?.aborted === true) throw error
    throw new ProblemError(UNREACHABLE)
  }
  if (answer.ok) return answer
  throw new ProblemError(await problemOf(answer))
}

async function problemOf(answer: Response): Promise<ProblemDocument> {
  const { status, statusText } = answer
  try {
    if (answer.headers.get('content-type')?.includes('json')) return (await answer.json()) as ProblemDocument
  } catch {
    // Something on the way answered instead.
  }
  return { type: 'about:blank', title: statusText || `Status ${status}`, status, detail: 'The answer says no more.' }
}

/** `crypto.randomUUID` is only there over TLS and on loopback. */
const key = (): string =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
