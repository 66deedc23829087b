/**
 * Listeners by event. One that throws, or whose promise is rejected, is counted and never reaches the call that it heard of.
 */
import { invalid } from '../errors.js'
import * as check from '../schema/checks.js'

export class Listeners<E extends object> {
  /** Listeners that threw or rejected, since the start. */
  errors = 0
  readonly #names: readonly (keyof E & string)[]
  readonly #all = new Map<keyof E, Set<{ readonly call: (event: never) => unknown }>>()

  constructor(names: readonly (keyof E & string)[]) {
    this.#names = names
  }

  /** Returns how to stop listening. */
  on<N extends keyof E & string>(name: N, listener: (event: E[N]) => unknown): () => void {
    if (!this.#names.includes(name)) throw invalid('event', `one of ${this.#names.join(', ')}`, name)
    check.fn('listener', listener)
    const set = this.#all.get(name) ?? new Set()
    this.#all.set(name, set)
    // An entry per registration, so that registering one function twice needs two removals.
    const entry = { call: listener }
    set.add(entry)
    return () => {
      set.delete(entry)
    }
  }

  has(name: keyof E): boolean {
    return (this.#all.get(name)?.size ?? 0) > 0
  }

  emit<N extends keyof E>(name: N, event: E[N]): void {
    for (const { call } of [...(this.#all.get(name) ?? [])]) {
      try {
        const returned = call(event as never)
        if (returned instanceof Promise) returned.catch(() => this.errors++)
      } catch {
        this.errors++
      }
    }
  }
}
