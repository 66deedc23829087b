/**
 * What the routes work on: the sources, the journal of operations, the readers of live events.
 */
import { wallTimeMs } from '../clock.js'
import type { JournalSink } from '../journal/sink.js'
import type { Reflex } from '../resilience/reflex/reflex.js'
import type { BreakerOperable } from './api/commands.js'
import { openApi } from './api/openapi.js'
import { ROUTES } from './api/routes.js'
import type { Change, QueueState, State } from './api/state.js'
import { Operations } from './audit/operations.js'
import { Hub, type HubOptions } from './events/hub.js'
import { Replays } from './http/idempotency.js'
import { Problem } from './http/problem.js'
import type { Actor, Tokens } from './http/tokens.js'
import { LiveReflex, type QueueSource, queueState } from './live/reflex.js'
import { openMetrics } from './metrics.js'
import type { Listener, TunerSource } from './sources.js'

/** A part of the state that the application adds; what throws is shown as its error. */
export type Section = () => unknown

export interface CoreParts {
  readonly version: string
  readonly base: string
  readonly runId: string
  readonly tokens: Tokens
  readonly journal: JournalSink
  readonly reflex: Reflex | undefined
  readonly queues: ReadonlyMap<string, QueueSource>
  readonly sections: ReadonlyMap<string, Section>
  readonly hub: HubOptions
  readonly loopbackRole: 'read' | 'operate' | undefined
  sources(listener: Listener): readonly TunerSource[]
}

export class Core {
  readonly version: string
  readonly hub: Hub
  readonly operations: Operations
  readonly replays: Replays = new Replays()
  readonly reflex: LiveReflex | undefined
  readonly #parts: CoreParts
  readonly #tuners = new Map<string, TunerSource>()
  readonly #changes = new Map<string, Map<string, number>>()

  constructor(parts: CoreParts) {
    this.#parts = parts
    this.version = parts.version
    this.hub = new Hub(parts.hub, parts.runId.slice(0, 8), () => this.state())
    this.operations = new Operations(parts.journal, parts.runId, (record) => this.hub.tell('operation', record))
    this.reflex =
      parts.reflex === undefined ? undefined : new LiveReflex(parts.reflex, (event, data) => this.hub.tell(event, data))
    for (const source of parts.sources({ changed: (change) => this.#changed(change) }))
      this.#tuners.set(source.name, source)
  }

  #changed(change: Change): void {
    const counts = this.#changes.get(change.tuner) ?? new Map<string, number>()
    counts.set(change.type, (counts.get(change.type) ?? 0) + 1)
    this.#changes.set(change.tuner, counts)
    this.hub.tell('change', change)
  }

  /** The OpenAPI document, with the names that are there now. */
  get document(): { readonly [key: string]: unknown } {
    const components = this.reflex?.state().componentStates.map(({ component }) => component) ?? []
    const known = { tuners: [...this.#tuners.keys()], components: components.slice(0, 3) }
    return openApi(ROUTES, this.#parts.version, this.#parts.base, known)
  }

  /** Throws `not-found`. */
  tuner(name: string | undefined): TunerSource {
    const found = this.#tuners.get(name ?? '')
    if (found === undefined) throw new Problem('not-found', 'there is no tuner of this name')
    return found
  }

  /** Throws `not-found`. */
  breaker(name: string | undefined): BreakerOperable {
    const found = this.reflex?.operable(name ?? '')
    if (found === undefined) throw new Problem('not-found', 'there is no component of this name')
    return found
  }

  queues(): QueueState[] {
    return [...this.#parts.queues].map(([name, source]) => queueState(name, source))
  }

  index() {
    return {
      tuners: [...this.#tuners.keys()],
      reflex: this.reflex !== undefined,
      queues: [...this.#parts.queues.keys()],
      sections: [...this.#parts.sections.keys()],
    }
  }

  async state(): Promise<State> {
    return {
      atMs: wallTimeMs(),
      tuners: await Promise.all([...this.#tuners.values()].map((source) => source.state())),
      reflex: this.reflex?.state() ?? null,
      queues: this.queues(),
      sections: await this.#sections(),
      operations: { lastSeq: Math.max(0, this.operations.lastSeq), journalFailure: this.operations.journalFailure },
    }
  }

  async #sections(): Promise<Record<string, unknown>> {
    const found: Record<string, unknown> = {}
    for (const [name, section] of this.#parts.sections) {
      try {
        found[name] = (await section()) ?? null
      } catch (error) {
        found[name] = { error: error instanceof Error ? error.message : String(error) }
      }
    }
    return found
  }

  async status(): Promise<'ok' | 'degraded' | 'failed'> {
    const { tuners, reflex } = await this.state()
    if (tuners.some(({ failure }) => failure !== null)) return 'failed'
    return tuners.some(({ safeMode }) => safeMode !== null) || (reflex !== null && reflex.state !== 'healthy')
      ? 'degraded'
      : 'ok'
  }

  async metrics(): Promise<string> {
    return openMetrics(await this.state(), {
      readers: this.hub.readers,
      operations: Math.max(0, this.operations.lastSeq),
      unrecorded: this.operations.unrecorded,
      changes: this.#changes,
    })
  }

  /** Whether who opened a stream may go on reading it. */
  stillAllowed(actor: Actor): boolean {
    return actor.name === LOOPBACK ? this.#parts.loopbackRole !== undefined : this.#parts.tokens.holds(actor)
  }

  async close(timeoutMs: number): Promise<void> {
    this.hub.close()
    this.reflex?.close()
    for (const source of this.#tuners.values()) source.close()
    await this.operations.close(timeoutMs)
  }
}

/** Who asks from this machine without a token; no token can have this name. */
export const LOOPBACK = '(loopback)'
