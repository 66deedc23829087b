/** The live events of a server, for a terminal. */
import { EventStream } from '../../sse/stream.js'
import { type Client, Refused } from './client.js'

export interface StreamListener {
  open(): void
  event(name: string, data: unknown): void
  /** It is gone, and tried again in so many milliseconds; undefined: nobody gets in like this. */
  lost(why: Refused, retryMs: number | undefined): void
}

const ENDED = new Refused(0, 'ended', 'the server ended the connection')

export function streamOf(client: Client, { open, event, lost }: StreamListener): EventStream {
  return new EventStream({
    ask: (lastId, signal) =>
      client.fetch('api/v1/events', {
        headers: { accept: 'text/event-stream', ...(lastId !== '' && { 'last-event-id': lastId }) },
        signal,
      }),
    denied: (error) => error instanceof Refused && error.denied,
    open,
    event,
    lost: (error, retryMs) => lost(refusal(error), retryMs),
  })
}

function refusal(error: unknown): Refused {
  if (error === undefined) return ENDED
  return error instanceof Refused ? error : new Refused(0, 'ended', String(error), error)
}
