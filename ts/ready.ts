/**
 * Loads the core once, and says what to do when it is used before.
 */
import type { Binding } from './binding.js'
import { HomeostatError } from './errors.js'
import type { Host } from './host.js'

/**
 * Loads the core; `homeostat()` does so by itself. `source`: a compiled WebAssembly module, its bytes or a URL, where the runtime
 * cannot find it. A failed attempt may be repeated.
 */
export type Ready = (source?: unknown) => Promise<void>

export class Loader {
  readonly #host: Host
  #loading: Promise<Binding> | undefined
  #loaded: Binding | undefined

  constructor(host: Host) {
    this.#host = host
  }

  load(source?: unknown): Promise<Binding> {
    this.#loading ??= this.#host.loadBinding(source).then(
      (binding) => (this.#loaded = binding),
      (error) => {
        this.#loading = undefined
        throw error
      },
    )
    return this.#loading
  }

  /** The core, for calls that cannot wait. `call` names the call in the message. */
  need(call: string): Binding {
    if (this.#loaded !== undefined) return this.#loaded
    throw new HomeostatError(
      'HOMEOSTAT_NOT_READY',
      `${call} was called before the core was loaded: ${this.#host.remedy}`,
    )
  }
}
