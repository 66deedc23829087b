/**
 * Lines on their way to a sink. What it refuses is offered again, in its order and before what follows, ever slower; meanwhile the rest
 * stays in the core, whose queues are bounded and which counts what it drops.
 */
import type { LineSink } from './library.js'

const RETRY_FIRST_MS = 100
const RETRY_MOST_MS = 5000

export class Outbox {
  readonly #take: () => Promise<string>
  readonly #sink: LineSink | undefined
  readonly #again: () => void
  #text = ''
  #retryMs = RETRY_FIRST_MS
  #timer: ReturnType<typeof setTimeout> | undefined

  /** @param sink nothing: what is taken is let go @param again has somebody come again */
  constructor(take: () => Promise<string>, sink: LineSink | undefined, again: () => void) {
    this.#take = take
    this.#sink = sink
    this.#again = again
  }

  /** Hands everything over, unless that failed a moment ago. @param last whether this is the last time */
  async empty(last = false): Promise<void> {
    if (this.#timer !== undefined && !last) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (;;) {
      if (this.#text === '') this.#text = await this.#take()
      if (this.#text === '') return
      try {
        await this.#sink?.append(this.#text)
      } catch (error) {
        if (!last) this.#later()
        throw error
      }
      this.#text = ''
      this.#retryMs = RETRY_FIRST_MS
    }
  }

  #later(): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#again()
    }, this.#retryMs)
    ;(this.#timer as { unref?: () => void }).unref?.()
    this.#retryMs = Math.min(2 * this.#retryMs, RETRY_MOST_MS)
  }
}
