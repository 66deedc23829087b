import { Agent } from 'undici'
import { BOUNDS } from '../topology.js'

/** A neighbour that answered with an error, refused, or could not be asked. */
export class UpstreamError extends Error {
  readonly status: number
  constructor(message: string, status: number) {
    super(message)
    this.status = status
  }
}

/**
 * Calls one neighbour over a bounded pool of connections; at most `BOUNDS.queueMax` calls wait for one. A call that is
 * aborted gives its connection back at once; one that is not holds it until the answer or the time-out.
 */
export class Upstream {
  readonly #agent: Agent
  readonly #origin: string
  readonly #callsMax: number
  #calls = 0

  constructor(port: number, connections: number) {
    this.#origin = `http://127.0.0.1:${port}`
    this.#callsMax = connections + BOUNDS.queueMax
    this.#agent = new Agent({
      connections,
      pipelining: 1,
      headersTimeout: BOUNDS.timeoutMs,
      bodyTimeout: BOUNDS.timeoutMs,
    })
  }

  async get(path: string, signal?: AbortSignal): Promise<string> {
    if (this.#calls >= this.#callsMax) throw new UpstreamError('too many calls wait', 503)
    this.#calls++
    try {
      const { statusCode, body } = await this.#agent.request({
        origin: this.#origin,
        path,
        method: 'GET',
        signal: signal ?? null,
      })
      const text = await body.text()
      if (statusCode !== 200) throw new UpstreamError(`${path.split('/')[1]} answered ${statusCode}`, statusCode)
      return text
    } finally {
      this.#calls--
    }
  }

  close(): Promise<void> {
    return this.#agent.destroy()
  }
}
