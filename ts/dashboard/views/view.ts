/** A view of the page. Only the one that is shown is told of what changes. */
import type { Actions } from '../actions.js'
import type { Client } from '../api/client.js'
import type { Model } from '../model.js'

export interface Shared {
  readonly model: Model
  readonly client: Client
  readonly actions: Actions
}

export interface View {
  readonly id: string
  readonly title: string
  readonly element: HTMLElement
  /** Whether the server has something for it. */
  offered(model: Model): boolean
  /** The model has changed, or the view has just been shown. */
  update(): void
  shown?(): void
  /** Colours may have changed. */
  repaint?(): void
}

/** Asks at most every `everyMs` while somebody looks; `now` does not wait for that. What fails is tried again the next time. */
export function poll(work: () => Promise<void>, everyMs: number): { now(): void; soon(): void } {
  let atMs = Number.NEGATIVE_INFINITY
  let busy = false
  const run = (): void => {
    if (busy) return
    busy = true
    atMs = performance.now()
    work()
      .catch(() => {})
      .finally(() => {
        busy = false
      })
  }
  return { now: run, soon: () => (performance.now() - atMs >= everyMs ? run() : undefined) }
}
