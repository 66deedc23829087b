/**
 * Pushes values to knobs with `apply`. One push runs at a time; when values change meanwhile, the newest are pushed next and
 * those in between are skipped. The core learns the outcome for a generation whose values were really pushed: the present one
 * if the values are still the same, else the one at the start, which the core no longer waits for.
 *
 * What a failed `apply` left behind is unknown, so nothing counts as pushed after it. Other values (those of a rollback) are
 * pushed at once; the same values again only after a pause that doubles from 100 ms to 30 s until a push works.
 */
import { HomeostatError } from '../errors.js'
import { typed } from '../memory/views.js'
import type { ResolvedKnob } from '../schema/resolve-knob.js'

const RETRY_FIRST_MS = 100
const RETRY_MOST_MS = 30_000

export interface PushHost {
  /** The core's live values, and the generation they belong to. */
  readonly values: Float64Array
  generation(): number
  /** Tells the core how pushing the values of a generation went. */
  pushed(generation: number, ok: boolean): void
  failed(knob: string, error: unknown): void
}

export class Pusher {
  readonly #knobs: readonly ResolvedKnob[]
  /** By pushed knob: the value that the application has, NaN where that is unknown. */
  readonly #pushed: number[]
  /** By pushed knob: the value that was tried last. */
  readonly #tried: number[]
  readonly #timeoutMs: number
  readonly #host: PushHost
  #running: Promise<void> | undefined
  #retryMs = RETRY_FIRST_MS
  #retry: ReturnType<typeof setTimeout> | undefined
  #closed = false

  /** The application has the values at hand already. */
  constructor(knobs: readonly ResolvedKnob[], timeoutMs: number, host: PushHost) {
    this.#knobs = knobs.filter((knob) => knob.apply !== undefined)
    this.#pushed = this.#knobs.map((knob) => host.values[knob.index] as number)
    this.#tried = [...this.#pushed]
    this.#timeoutMs = timeoutMs
    this.#host = host
  }

  /** Starts pushing what differs from what was pushed. Call after every change; `awaited`: the core waits for the outcome. */
  sync(awaited = false): void {
    if (this.#closed || this.#running !== undefined) return
    if (!this.#differs(this.#pushed)) {
      // Values that came back before anything was pushed.
      if (awaited && this.#knobs.length > 0) this.#host.pushed(this.#host.generation(), true)
      return
    }
    if (this.#retry !== undefined && !this.#differs(this.#tried)) return
    clearTimeout(this.#retry)
    this.#retry = undefined
    this.#running = this.#push().finally(() => {
      this.#running = undefined
      this.sync()
    })
  }

  /** Lets the push in flight end by itself; starts no other. */
  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#retry)
    await this.#running
  }

  #differs(from: readonly number[]): boolean {
    return this.#knobs.some((knob, i) => this.#host.values[knob.index] !== from[i])
  }

  async #push(): Promise<void> {
    const generation = this.#host.generation()
    const abort = new AbortController()
    const results = this.#knobs.map(async (knob, i) => {
      const value = this.#host.values[knob.index] as number
      this.#tried[i] = value
      if (value === this.#pushed[i]) return true
      this.#pushed[i] = Number.NaN
      try {
        await this.#bounded(
          knob,
          knob.apply?.(typed(knob, value) as never, { generation, signal: abort.signal }),
          abort,
        )
        this.#pushed[i] = value
        return true
      } catch (error) {
        this.#host.failed(knob.name, error)
        return false
      }
    })
    const ok = (await Promise.all(results)).every(Boolean)
    if (ok) this.#retryMs = RETRY_FIRST_MS
    else this.#retryLater()
    if (this.#closed) return
    const same = !this.#differs(this.#tried)
    // Values that changed meanwhile are pushed next, and the core is told about those.
    if (same || !ok) this.#host.pushed(same ? this.#host.generation() : generation, ok)
  }

  #retryLater(): void {
    if (this.#closed) return
    const timer: unknown = setTimeout(() => {
      this.#retry = undefined
      this.sync()
    }, this.#retryMs)
    if (typeof timer === 'object' && timer !== null && 'unref' in timer) (timer as { unref(): void }).unref()
    this.#retry = timer as ReturnType<typeof setTimeout>
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MOST_MS)
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
