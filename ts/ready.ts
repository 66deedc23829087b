/**
 * Loads a core once, and says what to do when it is used before.
 */
import type { Binding } from './binding.js'
import { HomeostatError } from './errors.js'

/**
 * Loads the core; `homeostat()` does so by itself. `source`: a compiled WebAssembly module, its bytes or a URL, where the runtime
 * cannot find it. A failed attempt may be repeated.
 */
export type Ready = (source?: unknown) => Promise<void>

/** What a host knows of loading one core. */
export interface Source<B> {
  loadBinding(source?: unknown): Promise<B>
  /** The same at once, where the runtime can. */
  loadNow?(): B
  /** How the core is made ready here, for the message of `HOMEOSTAT_NOT_READY`. */
  readonly remedy: string
}

export class Loader<B = Binding> {
  readonly #source: Source<B>
  #loading: Promise<B> | undefined
  #loaded: B | undefined

  constructor(source: Source<B>) {
    this.#source = source
  }

  load(source?: unknown): Promise<B> {
    if (this.#loaded !== undefined) return Promise.resolve(this.#loaded)
    this.#loading ??= this.#source.loadBinding(source).then(
      (binding) => (this.#loaded ??= binding),
      (error) => {
        this.#loading = undefined
        throw error
      },
    )
    return this.#loading
  }

  /** The core, for calls that cannot wait. `call` names the call in the message. */
  need(call: string): B {
    this.#loaded ??= this.#source.loadNow?.()
    if (this.#loaded !== undefined) return this.#loaded
    throw new HomeostatError(
      'HOMEOSTAT_NOT_READY',
      `${call} was called before the core was loaded: ${this.#source.remedy}`,
    )
  }
}
