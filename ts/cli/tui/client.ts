/**
 * Questions and commands of a terminal to a server: one that listens, or one within this process. The token goes into a header, never
 * into an address.
 */
import type { CommandResult } from '../../server/api/commands.js'
import { failure } from '../exit.js'

/** An answer is waited for so long; commands may be slow, since they are journaled first. */
const ANSWER_MS = 10_000

export type Answerer = (request: Request) => Promise<Response>

/** What a server refused, by its problem document; status 0: no answer came. */
export class Refused extends Error {
  readonly status: number
  /** `stale-page` of `urn:homeostat:problem:stale-page`. */
  readonly kind: string

  constructor(status: number, kind: string, message: string, cause?: unknown) {
    super(message, { cause })
    this.status = status
    this.kind = kind
  }

  /** Nobody gets in like this: to try again changes nothing. */
  get denied(): boolean {
    return [401, 403, 421].includes(this.status)
  }

  /** As the error of a command. */
  get ending(): Error {
    return failure(this.status === 0 ? 'HOMEOSTAT_SERVER_UNREACHABLE' : 'HOMEOSTAT_SERVER_REFUSED', this.message, this)
  }
}

export class Client {
  readonly #base: URL
  readonly #answer: Answerer
  readonly #token: string | undefined

  constructor(base: URL, answer: Answerer, token?: string) {
    this.#base = base
    this.#answer = answer
    this.#token = token
  }

  async get<T>(path: string, signal?: AbortSignal): Promise<T> {
    const limit = AbortSignal.timeout(ANSWER_MS)
    const answer = await this.fetch(path, { signal: signal === undefined ? limit : AbortSignal.any([limit, signal]) })
    return (await answer.json()) as T
  }

  /** `revision`: of what the person looked at. */
  async command(path: string, body: object, revision: string): Promise<CommandResult> {
    const answer = await this.fetch(path, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: {
        'content-type': 'application/json',
        'idempotency-key': crypto.randomUUID(),
        'if-match': `"${revision}"`,
      },
      signal: AbortSignal.timeout(ANSWER_MS),
    })
    return (await answer.json()) as CommandResult
  }

  /** Throws {@link Refused}. */
  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers)
    if (this.#token !== undefined) headers.set('authorization', `Bearer ${this.#token}`)
    let answer: Response
    try {
      answer = await this.#answer(new Request(new URL(path, this.#base), { ...init, headers }))
    } catch (error) {
      throw new Refused(0, 'unreachable', `${this.#base.host} does not answer: ${reasonOf(error)}`, error)
    }
    if (answer.ok) return answer
    throw await refusalOf(answer)
  }
}

/** `fetch` says "fetch failed" and keeps the reason in a cause. */
function reasonOf(error: unknown): string {
  const { cause, name } = error as { cause?: { code?: string; message?: string }; name?: string }
  if (name === 'TimeoutError') return 'too slow'
  return cause?.code ?? cause?.message ?? (error instanceof Error ? error.message : String(error))
}

async function refusalOf(answer: Response): Promise<Refused> {
  const { status, statusText } = answer
  try {
    const { type, title, detail } = (await answer.json()) as Record<string, unknown>
    const kind = String(type ?? '').replace('urn:homeostat:problem:', '')
    return new Refused(status, kind, [title, detail].filter((one) => typeof one === 'string').join(': '))
  } catch {
    // Something on the way answered instead.
    return new Refused(status, 'unknown', `status ${status} ${statusText}`.trim())
  }
}
