/**
 * What the routes work on: the sources, the journal of operations, the readers of live events.
 */
import { systemClock, wallTimeMs } from '../clock.js'
import type { JournalSink } from '../journal/sink.js'
import { Changes } from '../metrics/changes.js'
import { COMPONENTS, FirstNames } from '../metrics/first-names.js'
import type { Reflex } from '../resilience/reflex/reflex.js'
import type { ItemRepository, StoredAnswer } from '../storage/contract.js'
import type { BreakerOperable } from './api/commands.js'
import { openApi } from './api/openapi.js'
import { ROUTES } from './api/routes.js'
import type { Change, QueueState, State, TunerState } from './api/state.js'
import { Operations } from './audit/operations.js'
import { Hub, type HubOptions } from './events/hub.js'
import { Replays } from './http/idempotency.js'
import { KeptAnswers } from './http/kept-answers.js'
import { Problem } from './http/problem.js'
import type { Actor, Role, Tokens } from './http/tokens.js'
import { LiveReflex, type QueueSource, queueState } from './live/reflex.js'
import { type MeasuredJournal, openMetrics } from './metrics.js'
import { type Section, Sections } from './sections.js'
import type { Listener, TunerSource } from './sources.js'

export interface CoreParts {
  readonly version: string
  readonly base: string
  readonly runId: string
  readonly tokens: Tokens
  readonly journal: JournalSink
  readonly answers: ItemRepository<StoredAnswer> | undefined
  readonly reflex: Reflex | undefined
  readonly queues: ReadonlyMap<string, QueueSource>
  /** Journals of this process's tuners, by the tuner's name. */
  readonly journals: ReadonlyMap<string, MeasuredJournal>
  readonly sections: ReadonlyMap<string, Section>
  readonly hub: HubOptions
  /** Of who asks from this machine without a token; nobody's where undefined. */
  readonly loopbackRole: () => Role | undefined
  sources(listener: Listener): readonly TunerSource[]
}

/** Of some reflex events: what they are about. */
type ReflexEvent = Readonly<Record<string, unknown>> & { readonly component?: string }
type Status = 'ok' | 'degraded' | 'failed'

/** Whoever asks how it does gets what was found so recently: nobody needs a token to ask. */
const STATUS_US = 1e6

export class Core {
  readonly version: string
  readonly hub: Hub
  readonly operations: Operations
  readonly replays: Replays
  readonly reflex: LiveReflex | undefined
  readonly #parts: CoreParts
  readonly #tuners = new Map<string, TunerSource>()
  readonly #components = new FirstNames(COMPONENTS)
  readonly #changes: Changes
  readonly #sections: Sections
  #status: { readonly atUs: number; readonly found: Promise<Status> } | undefined
  #document: { readonly [key: string]: unknown } | undefined

  constructor(parts: CoreParts) {
    this.#parts = parts
    this.version = parts.version
    this.#sections = new Sections(parts.sections)
    this.hub = new Hub(parts.hub, parts.runId.slice(0, 8), () => this.state())
    this.replays = new Replays(parts.answers && new KeptAnswers(parts.answers, parts.runId))
    this.operations = new Operations(parts.journal, parts.runId, (record) => this.hub.tell('operation', record))
    const early: Change[] = []
    let changed = (change: Change): void => void early.push(change)
    for (const source of parts.sources({ changed: (change) => changed(change) })) this.#tuners.set(source.name, source)
    this.#changes = new Changes({
      tuners: [...this.#tuners.values()],
      labelled: (component) => this.#components.take(component),
    })
    changed = (change) => this.#changed(change)
    early.forEach(changed)
    this.reflex =
      parts.reflex === undefined
        ? undefined
        : new LiveReflex(parts.reflex, (event, data) => this.#happened(event, data as ReflexEvent))
  }

  /** One more, from now on; false, and nothing, where there is one of its name. */
  add(make: (listener: Listener) => TunerSource): boolean {
    const source = make({ changed: (change) => this.#changed(change) })
    if (this.#tuners.has(source.name)) {
      source.close()
      return false
    }
    this.#tuners.set(source.name, source)
    this.#changes.start(source)
    return true
  }

  #changed(change: Change): void {
    const { tuner: name, type, evidence: payload } = change
    this.#changes.take({ source: 'tuner', name, type, payload, trigger: undefined })
    this.hub.tell('change', change)
  }

  #happened(event: string, payload: ReflexEvent): void {
    const name = payload.component ?? ''
    this.#changes.take({ source: 'reflex', name, type: event, payload, trigger: undefined })
    this.hub.tell(event, payload)
  }

  /** The OpenAPI document. It names nothing that there is, since nobody needs a token to read it. */
  get document(): { readonly [key: string]: unknown } {
    this.#document ??= openApi(ROUTES, this.#parts.version, this.#parts.base)
    return this.#document
  }

  /** With the names that are there now. */
  get namedDocument(): { readonly [key: string]: unknown } {
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
      sections: this.#sections.names,
    }
  }

  tuners(): Promise<TunerState[]> {
    return Promise.all([...this.#tuners.values()].map((source) => source.state()))
  }

  async state(): Promise<State> {
    const [tuners, sections] = await Promise.all([this.tuners(), this.#sections.read()])
    return {
      atMs: wallTimeMs(),
      tuners,
      reflex: this.reflex?.state() ?? null,
      queues: this.queues(),
      sections,
      operations: { lastSeq: Math.max(0, this.operations.lastSeq), journalFailure: this.operations.journalFailure },
    }
  }

  /** In one word; what is asked for it is asked once a second at most, and never the sections. */
  status(): Promise<Status> {
    const nowUs = systemClock.nowUs()
    if (this.#status === undefined || nowUs - this.#status.atUs >= STATUS_US)
      this.#status = { atUs: nowUs, found: this.#findStatus() }
    return this.#status.found
  }

  async #findStatus(): Promise<Status> {
    const tuners = await this.tuners()
    const reflex = this.reflex?.state() ?? null
    if (tuners.some(({ failure }) => failure !== null)) return 'failed'
    return tuners.some(({ safeMode }) => safeMode !== null) || (reflex !== null && reflex.state !== 'healthy')
      ? 'degraded'
      : 'ok'
  }

  async metrics(): Promise<string> {
    const { queues, journals } = this.#parts
    return openMetrics({
      tuners: await this.tuners(),
      reflex: this.reflex?.state() ?? null,
      queues,
      journals,
      changes: this.#changes,
      labelled: (component) => this.#components.take(component),
      figures: {
        readers: this.hub.readers,
        operations: Math.max(0, this.operations.lastSeq),
        unrecorded: this.operations.unrecorded,
      },
    })
  }

  /** Whether who opened a stream may go on reading it. */
  stillAllowed(actor: Actor): boolean {
    return actor.name === LOOPBACK ? this.#parts.loopbackRole() !== undefined : this.#parts.tokens.holds(actor)
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
