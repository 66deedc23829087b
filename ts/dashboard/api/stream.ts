/**
 * The live events, over `fetch` since an EventSource can send no token. It comes back by itself: at once the first time, then after
 * 0.5, 1, 2, 4 and at most 5 s; from the last event that it saw.
 */
import { type Client, checked, ProblemError } from './client.js'
import type { Held } from './kept.js'

export interface StreamListener {
  open(): void
  event(name: string, data: unknown): void
  /** It is gone; the next attempt is in so many milliseconds. */
  lost(retryMs: number): void
  /** A token is needed, or another one; nothing is tried until `restart`. */
  denied(problem: ProblemError): void
}

/** Silence for so long means that nobody is there any more: signs of life come every 15 s. */
const SILENCE_MS = 45_000
const RETRY_MS = [500, 1000, 2000, 4000, 5000]

export class Stream {
  readonly #client: Client
  readonly #listener: StreamListener
  #lastId = ''
  #failures = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #current: AbortController | undefined

  constructor(client: Client, listener: StreamListener) {
    this.#client = client
    this.#listener = listener
  }

  /** @param held asked for already */
  restart(held?: Held): void {
    clearTimeout(this.#timer)
    this.#current?.abort()
    const current = held?.stop ?? new AbortController()
    this.#current = current
    this.#read(current, held?.answer).then(
      () => this.#again(current),
      (error: unknown) => this.#again(current, error),
    )
  }

  #again(of: AbortController, error?: unknown): void {
    if (of !== this.#current) return
    if (error instanceof ProblemError && [401, 403].includes(error.problem.status)) {
      this.#listener.denied(error)
      return
    }
    const retryMs = RETRY_MS[Math.min(this.#failures++, RETRY_MS.length - 1)] as number
    this.#listener.lost(retryMs)
    this.#timer = setTimeout(() => this.restart(), retryMs)
  }

  async #ask(signal: AbortSignal): Promise<Response> {
    const headers: Record<string, string> = { accept: 'text/event-stream' }
    if (this.#lastId !== '') headers['last-event-id'] = this.#lastId
    return this.#client.fetch('api/v1/events', { headers, signal })
  }

  async #read(current: AbortController, asked?: Promise<Response>): Promise<void> {
    let silence = setTimeout(() => current.abort(), SILENCE_MS)
    try {
      const { signal } = current
      const answer = await (asked === undefined ? this.#ask(signal) : checked(asked, signal))
      const parser = new EventParser((name, data, id) => {
        if (id !== '') this.#lastId = id
        this.#failures = 0
        this.#listener.event(name, data)
      })
      this.#listener.open()
      await readText(answer, (text) => {
        clearTimeout(silence)
        silence = setTimeout(() => current.abort(), SILENCE_MS)
        parser.push(text)
      })
    } finally {
      clearTimeout(silence)
    }
  }
}

/** A body as text, piece by piece until it ends; gives up where the signal says so. */
export async function readText(answer: Response, told: (text: string) => void, signal?: AbortSignal): Promise<void> {
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader()
  const stop = (): void => void reader.cancel().catch(() => {})
  signal?.addEventListener('abort', stop, { once: true })
  const decoder = new TextDecoder()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      told(decoder.decode(value, { stream: true }))
    }
  } finally {
    signal?.removeEventListener('abort', stop)
  }
}

/** Server-sent events out of text in pieces of any size. What is no JSON is left out. */
export class EventParser {
  readonly #told: (name: string, data: unknown, id: string) => void
  #rest = ''
  #name = ''
  #data: string[] = []
  #id = ''

  constructor(told: (name: string, data: unknown, id: string) => void) {
    this.#told = told
  }

  push(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() as string
    for (const line of lines) this.#line(line.endsWith('\r') ? line.slice(0, -1) : line)
  }

  #line(line: string): void {
    if (line === '') {
      this.#end()
      return
    }
    const colon = line.indexOf(':')
    if (colon === 0) return
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1))
    if (field === 'event') this.#name = value
    else if (field === 'data') this.#data.push(value)
    else if (field === 'id') this.#id = value
  }

  #end(): void {
    const [name, data] = [this.#name, this.#data]
    this.#name = ''
    this.#data = []
    if (data.length === 0) return
    try {
      this.#told(name, JSON.parse(data.join('\n')), this.#id)
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
    }
  }
}
