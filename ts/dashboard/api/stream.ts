/** The live events of the server that this page came from. */
import { type Asked, EventStream } from '../../sse/stream.js'
import { type Client, checked, ProblemError } from './client.js'

export interface StreamListener {
  open(): void
  event(name: string, data: unknown): void
  /** It is gone; the next attempt is in so many milliseconds. */
  lost(retryMs: number): void
  /** A token is needed, or another one; nothing is tried until `restart`. */
  denied(problem: ProblemError): void
}

const isDenied = (error: unknown): error is ProblemError =>
  error instanceof ProblemError && [401, 403].includes(error.problem.status)

export class Stream {
  readonly #events: EventStream

  constructor(client: Client, { open, event, lost, denied }: StreamListener) {
    this.#events = new EventStream({
      ask: (lastId, signal) => {
        const headers: Record<string, string> = { accept: 'text/event-stream' }
        if (lastId !== '') headers['last-event-id'] = lastId
        return client.fetch('api/v1/events', { headers, signal })
      },
      denied: isDenied,
      open,
      event,
      lost: (error, retryMs) => {
        if (retryMs !== undefined) lost(retryMs)
        else if (isDenied(error)) denied(error)
      },
    })
  }

  /** @param asked before there was a page */
  restart(asked?: Asked): void {
    this.#events.restart(asked && { ...asked, answer: checked(asked.answer, asked.stop.signal) })
  }
}
