/**
 * The live events of a server, over `fetch` since an EventSource can send no token: what the page and the terminal read. It comes back by
 * itself, after 0.5, 1, 2, 4 and at most 5 s, from the last event that it saw. Who asks, and what a refusal is, is the reader's.
 */
import { EventParser, readText } from './parser.js'

export interface StreamReader {
  /** Asks for what comes after an event; '' asks for what comes from now on. Throws what it refuses. */
  ask(lastId: string, signal: AbortSignal): Promise<Response>
  /** Whether nobody gets in like this: to try again changes nothing. */
  denied(error: unknown): boolean
  open(): void
  event(name: string, data: unknown): void
  /** It is gone, with an error or (undefined) by its other side; tried again in so many milliseconds, or not until `restart`. */
  lost(error: unknown, retryMs: number | undefined): void
}

/** A question that was asked already. */
export interface Asked {
  readonly answer: Promise<Response>
  readonly stop: AbortController
}

/** Silence for so long means that nobody is there any more: signs of life come every 15 s. */
const SILENCE_MS = 45_000
const RETRY_MS = [500, 1000, 2000, 4000, 5000]

export class EventStream {
  readonly #reader: StreamReader
  #lastId = ''
  #failures = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #current: AbortController | undefined

  constructor(reader: StreamReader) {
    this.#reader = reader
  }

  /** At once, whatever there is or is waited for. */
  restart(asked?: Asked): void {
    this.close()
    const current = asked?.stop ?? new AbortController()
    this.#current = current
    this.#read(current, asked?.answer).then(
      () => this.#again(current, undefined),
      (error: unknown) => this.#again(current, error),
    )
  }

  /** At once where it is waited for; what goes on goes on. */
  retry(): void {
    if (this.#timer !== undefined) this.restart()
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#current?.abort()
    this.#current = undefined
  }

  #again(of: AbortController, error: unknown): void {
    if (of !== this.#current) return
    if (this.#reader.denied(error)) {
      this.#reader.lost(error, undefined)
      return
    }
    const retryMs = RETRY_MS[Math.min(this.#failures++, RETRY_MS.length - 1)] as number
    this.#reader.lost(error, retryMs)
    this.#timer = setTimeout(() => this.restart(), retryMs)
  }

  async #read(current: AbortController, asked?: Promise<Response>): Promise<void> {
    const { signal } = current
    let silence = setTimeout(() => current.abort(), SILENCE_MS)
    try {
      const answer = await (asked ?? this.#reader.ask(this.#lastId, signal))
      const parser = new EventParser((name, data, id) => {
        if (id !== '') this.#lastId = id
        this.#failures = 0
        this.#reader.event(name, data)
      })
      this.#reader.open()
      const told = (text: string): void => {
        clearTimeout(silence)
        silence = setTimeout(() => current.abort(), SILENCE_MS)
        parser.push(text)
      }
      await readText(answer, told, signal)
    } finally {
      clearTimeout(silence)
    }
  }
}
