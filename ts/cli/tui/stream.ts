/**
 * The live events of a server. It comes back by itself: after 0.5, 1, 2, 4 and at most 5 s, from the last event that it saw.
 */
import { EventParser, readText } from '../../dashboard/api/stream.js'
import { type Client, Refused } from './client.js'

export interface StreamListener {
  open(): void
  event(name: string, data: unknown): void
  /** It is gone, and tried again in so many milliseconds; undefined: nobody gets in like this. */
  lost(why: Refused, retryMs: number | undefined): void
}

/** Silence for so long means that nobody is there any more: signs of life come every 15 s. */
const SILENCE_MS = 45_000
const RETRY_MS = [500, 1000, 2000, 4000, 5000]
const ENDED = new Refused(0, 'ended', 'the server ended the connection')

export class Stream {
  readonly #client: Client
  readonly #listener: StreamListener
  readonly #closing = new AbortController()
  #lastId = ''
  #failures = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(client: Client, listener: StreamListener) {
    this.#client = client
    this.#listener = listener
  }

  start(): void {
    void this.#read().then(
      () => this.#again(ENDED),
      (error: unknown) => this.#again(error instanceof Refused ? error : new Refused(0, 'ended', String(error), error)),
    )
  }

  /** At once, whatever was waited for. */
  retry(): void {
    if (this.#timer === undefined) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.start()
  }

  close(): void {
    this.#closing.abort()
    clearTimeout(this.#timer)
  }

  #again(why: Refused): void {
    if (this.#closing.signal.aborted) return
    if (why.denied) {
      this.#listener.lost(why, undefined)
      return
    }
    const retryMs = RETRY_MS[Math.min(this.#failures++, RETRY_MS.length - 1)] as number
    this.#listener.lost(why, retryMs)
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.start()
    }, retryMs)
  }

  async #read(): Promise<void> {
    const silent = new AbortController()
    let silence = setTimeout(() => silent.abort(), SILENCE_MS)
    try {
      const signal = AbortSignal.any([this.#closing.signal, silent.signal])
      const answer = await this.#client.fetch('api/v1/events', {
        headers: { accept: 'text/event-stream', ...(this.#lastId !== '' && { 'last-event-id': this.#lastId }) },
        signal,
      })
      const parser = new EventParser((name, data, id) => {
        if (id !== '') this.#lastId = id
        this.#failures = 0
        this.#listener.event(name, data)
      })
      this.#listener.open()
      const told = (text: string): void => {
        clearTimeout(silence)
        silence = setTimeout(() => silent.abort(), SILENCE_MS)
        parser.push(text)
      }
      await readText(answer, told, signal)
    } finally {
      clearTimeout(silence)
    }
  }
}
