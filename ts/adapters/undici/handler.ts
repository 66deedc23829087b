/**
 * Follows one request of undici to its end, and hands everything on. The shapes are those of undici 7 and later, as far as they are needed.
 */

/** What undici gives handlers to steer a request by. */
export interface Controller {
  readonly aborted: boolean
  readonly paused: boolean
  readonly reason: Error | null
  abort(reason: Error): void
  pause(): void
  resume(): void
}

export interface Handler {
  onRequestStart?(controller: Controller, context: unknown): void
  onRequestUpgrade?(controller: Controller, status: number, headers: unknown, socket: unknown): void
  onResponseStart?(controller: Controller, status: number, headers: unknown, statusMessage?: string): void
  onResponseData?(controller: Controller, chunk: unknown): void
  onResponseEnd?(controller: Controller, trailers: unknown): void
  onResponseError?(controller: Controller, error: Error): void
  onBodySent?(chunk: unknown): void
  onRequestSent?(): void
}

/** `aborted`: whoever asked does not want it any more. */
export type Verdict = 'ok' | 'failed' | 'aborted'

/** Codes and names of errors by which a caller goes away, rather than the origin. */
const ABORTS: ReadonlySet<unknown> = new Set(['UND_ERR_ABORTED', 'UND_ERR_DESTROYED', 'UND_ERR_CLOSED', 'AbortError'])

export class Watched implements Handler {
  readonly #handler: Handler
  readonly #isFailure: (status: number) => boolean
  #tell: ((how: Verdict, error?: Error) => void) | undefined
  #status = 0

  constructor(handler: Handler, isFailure: (status: number) => boolean, tell: (how: Verdict, error?: Error) => void) {
    this.#handler = handler
    this.#isFailure = isFailure
    this.#tell = tell
  }

  /** It was never sent. */
  abandon(): void {
    this.#end('aborted')
  }

  onRequestStart(controller: Controller, context: unknown): void {
    this.#handler.onRequestStart?.(controller, context)
  }

  onRequestUpgrade(controller: Controller, status: number, headers: unknown, socket: unknown): void {
    // The connection is somebody else's from here on.
    this.#end('ok')
    this.#handler.onRequestUpgrade?.(controller, status, headers, socket)
  }

  onResponseStart(controller: Controller, status: number, headers: unknown, statusMessage?: string): void {
    this.#status = status
    this.#handler.onResponseStart?.(controller, status, headers, statusMessage)
  }

  onResponseData(controller: Controller, chunk: unknown): void {
    this.#handler.onResponseData?.(controller, chunk)
  }

  onResponseEnd(controller: Controller, trailers: unknown): void {
    this.#end(this.#failed() ? 'failed' : 'ok')
    this.#handler.onResponseEnd?.(controller, trailers)
  }

  onResponseError(controller: Controller, error: Error): void {
    const { code, name } = error as Error & { code?: unknown }
    if (name === 'TimeoutError') this.#end('failed', error)
    else if (ABORTS.has(code) || ABORTS.has(name)) this.#end('aborted')
    else this.#end('failed', error)
    this.#handler.onResponseError?.(controller, error)
  }

  onBodySent(chunk: unknown): void {
    this.#handler.onBodySent?.(chunk)
  }

  onRequestSent(): void {
    this.#handler.onRequestSent?.()
  }

  #failed(): boolean {
    try {
      return this.#isFailure(this.#status)
    } catch {
      return true
    }
  }

  #end(how: Verdict, error?: Error): void {
    const tell = this.#tell
    this.#tell = undefined
    tell?.(how, error)
  }
}

/** For handlers that hear of a request which was never dispatched. */
export function noController(reason: Error): Controller {
  return { aborted: true, paused: false, reason, abort: () => {}, pause: () => {}, resume: () => {} }
}
