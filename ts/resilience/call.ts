/**
 * One call on its way through policies: what it was called with, and whether it is still wanted.
 *
 * Cancelling goes down a tree: a policy that may give up makes a child, and whoever waits on a call listens to it. Every
 * policy answers at once when its call is cancelled, so nothing above has to race. An `AbortSignal` is made only when the work asks
 * for one; one that comes in is listened to only while somebody waits, and nothing stays behind on it.
 */

import type { DurationInput } from '../units.js'
import { onAbort } from './fan.js'

/** What work is told of its call. */
export interface CallContext {
  /** Aborted when the call is not wanted any more: by its caller, by a timeout, or since a hedge was faster. */
  readonly signal: AbortSignal
  /** From 1; grows with each retry. */
  readonly attempt: number
}

export interface CallOptions {
  /** Aborts the call: before it starts, while it waits, while it runs. */
  readonly signal?: AbortSignal | undefined
  /** 0 (emergency) to 4 (background): what is shed first. Default 2. */
  readonly tier?: number | undefined
  /** Where it has to wait in a queue: it is not started later than so long from now. 0 to 24 d; default: no matter when. */
  readonly startWithin?: DurationInput | undefined
  /** The request that the call belongs to, a whole number from 1 to 2^53 - 1, for call patterns. */
  readonly request?: number | undefined
}

export const TIER_DEFAULT = 2

type Listener = () => void

export class Call implements CallContext {
  attempt = 1
  /** Milliseconds from when it was made, NaN for no matter when. */
  startWithinMs = Number.NaN
  /** Why it was cancelled. */
  reason: unknown = undefined
  readonly self: unknown
  readonly args: readonly unknown[]
  readonly tier: number
  readonly request: number
  #cancelled = false
  readonly #parent: Call | undefined
  readonly #outer: AbortSignal | undefined
  #listeners: Set<Listener> | undefined
  #controller: AbortController | undefined
  #detach: Listener | undefined

  constructor(
    self: unknown,
    args: readonly unknown[],
    outer: AbortSignal | undefined,
    tier: number,
    request: number,
    parent?: Call,
  ) {
    this.self = self
    this.args = args
    this.tier = tier
    this.request = request
    this.#outer = outer
    this.#parent = parent
  }

  /** A call of its own that is cancelled with this one. Whoever makes it calls `end()`. */
  child(): Call {
    const child = new Call(this.self, this.args, undefined, this.tier, this.request, this)
    child.attempt = this.attempt
    child.startWithinMs = this.startWithinMs
    return child
  }

  /** Whether anything could cancel it. */
  get cancellable(): boolean {
    return this.#outer !== undefined || this.#parent !== undefined
  }

  get cancelled(): boolean {
    if (this.#cancelled) return true
    if (this.#outer?.aborted) this.cancel(this.#outer.reason)
    else if (this.#parent?.cancelled) this.cancel(this.#parent.reason)
    return this.#cancelled
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.cancelled) this.#controller.abort(this.reason)
      else this.#attach()
    }
    return this.#controller.signal
  }

  cancel(reason: unknown): void {
    if (this.#cancelled) return
    this.#cancelled = true
    this.reason = reason
    this.#detach?.()
    this.#detach = undefined
    const listeners = this.#listeners
    this.#listeners = undefined
    // The work hears of it before those who wait for it go on.
    this.#controller?.abort(reason)
    for (const listener of listeners ?? []) listener()
  }

  /** Calls back at once where it is cancelled already. Returns how to stop listening. */
  onCancel(listener: Listener): Listener {
    if (this.cancelled) {
      listener()
      return () => {}
    }
    this.#listeners ??= new Set()
    this.#listeners.add(listener)
    this.#attach()
    return () => {
      this.#listeners?.delete(listener)
      if (this.#listeners?.size === 0 && this.#controller === undefined) this.end()
    }
  }

  /** Nobody waits any more: lets go of the signal above. */
  end(): void {
    this.#detach?.()
    this.#detach = undefined
  }

  #attach(): void {
    if (this.#detach !== undefined) return
    const outer = this.#outer
    if (outer !== undefined) {
      this.#detach = onAbort(outer, () => this.cancel(outer.reason))
    } else if (this.#parent !== undefined) {
      const parent = this.#parent
      this.#detach = parent.onCancel(() => this.cancel(parent.reason))
    }
  }

  /** Waits, or until it is cancelled: true where it waited to the end. */
  sleep(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      let off: Listener = () => {}
      const timer = setTimeout(() => {
        off()
        resolve(true)
      }, ms)
      off = this.onCancel(() => {
        clearTimeout(timer)
        resolve(false)
      })
    })
  }

  /** What a promise gives, unless the call is cancelled first; then the promise is left to itself. */
  race<T>(work: PromiseLike<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      let off: Listener = () => {}
      work.then(
        (value) => {
          off()
          resolve(value)
        },
        (error) => {
          off()
          reject(error)
        },
      )
      off = this.onCancel(() => reject(this.reason))
    })
  }
}
