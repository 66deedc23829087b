/**
 * Pushes values to knobs with `apply`. One push runs at a time; when values change meanwhile, the newest are pushed next and
 * those in between are skipped. The core learns the outcome for the generation whose values were pushed.
 */
import { HomeostatError } from '../errors.js'
import { typed } from '../memory/views.js'
import type { ResolvedKnob } from '../schema/resolve-knob.js'

export interface PushHost {
  /** The core's live values and generation. */
  readonly values: Float64Array
  generation(): number
  /** Tells the core how pushing the present generation went. */
  pushed(generation: number, ok: boolean): void
  failed(knob: string, error: unknown): void
}

export class Pusher {
  readonly #knobs: readonly ResolvedKnob[]
  readonly #attempted: number[]
  readonly #timeoutMs: number
  readonly #host: PushHost
  #running: Promise<void> | undefined
  #closed = false

  constructor(knobs: readonly ResolvedKnob[], timeoutMs: number, host: PushHost) {
    this.#knobs = knobs.filter((knob) => knob.apply !== undefined)
    this.#attempted = this.#knobs.map((knob) => knob.config.initial)
    this.#timeoutMs = timeoutMs
    this.#host = host
  }

  /** Whether a value has yet to be pushed, or is being pushed. */
  get busy(): boolean {
    return this.#running !== undefined
  }

  /** Starts pushing what differs from what was pushed last. Call after every change. */
  sync(): void {
    if (this.#closed || this.#running !== undefined || !this.#differs()) return
    this.#running = this.#push().finally(() => {
      this.#running = undefined
      this.sync()
    })
  }

  /** Lets the push in flight end by itself; starts no other. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#running
  }

  #differs(): boolean {
    return this.#knobs.some((knob, i) => this.#host.values[knob.index] !== this.#attempted[i])
  }

  async #push(): Promise<void> {
    const generation = this.#host.generation()
    const abort = new AbortController()
    const results = this.#knobs.map(async (knob, i) => {
      const value = this.#host.values[knob.index] as number
      if (value === this.#attempted[i]) return true
      this.#attempted[i] = value
      try {
        await this.#bounded(
          knob,
          knob.apply?.(typed(knob, value) as never, { generation, signal: abort.signal }),
          abort,
        )
        return true
      } catch (error) {
        this.#host.failed(knob.name, error)
        return false
      }
    })
    const ok = (await Promise.all(results)).every(Boolean)
    // Values that changed meanwhile are pushed next, and the core is told about those.
    if (this.#closed || (ok && this.#differs())) return
    this.#host.pushed(this.#host.generation(), ok)
  }

  async #bounded(knob: ResolvedKnob, work: unknown, abort: AbortController): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const error = new HomeostatError(
          'HOMEOSTAT_APPLY_TIMEOUT',
          `knobs.${knob.name}.apply took longer than ${this.#timeoutMs} ms`,
        )
        reject(error)
        abort.abort(error)
      }, this.#timeoutMs)
    })
    try {
      await Promise.race([work, timeout])
    } finally {
      clearTimeout(timer)
    }
  }
}
