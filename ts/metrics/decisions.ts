/**
 * Decisions of the tuners and the reflex, each with the trace of what triggered it, where there is one: the span that is active and
 * records while the decision is made, such as an operator's request or the call that opened a breaker; else that of what it follows
 * from: the proposal, or the cascade.
 */
import { CHANGE_EVENTS, type TunerEvent } from '../tuner/events.js'
import type { Sources } from './sources.js'

export interface Trigger {
  readonly traceId: string
  readonly spanId: string
}

export interface Decision {
  readonly source: 'tuner' | 'reflex'
  /** Of the tuner, or of the component; empty where it concerns the whole process. */
  readonly name: string
  readonly type: string
  /** On the clock of the tuner or the reflex, in microseconds. */
  readonly timeUs: number
  /** The evidence, as the journal has it. */
  readonly payload: Readonly<Record<string, unknown>>
  /** Place in the tuner's journal. */
  readonly seq?: number
  readonly runId?: string
  readonly generation?: number
  readonly proposalId?: number | null
  readonly trigger: Trigger | undefined
}

/** As much of a span of `@opentelemetry/api` as is needed. */
export interface SpanLike {
  spanContext(): { readonly traceId: string; readonly spanId: string }
  isRecording(): boolean
  addEvent(name: string, attributes?: Record<string, string | number | boolean>): unknown
}
/** `trace` of `@opentelemetry/api`. */
export interface TraceLike {
  getActiveSpan(): SpanLike | undefined
}

export type OnDecision = (decision: Decision, span: SpanLike | undefined) => void

/** What a tuner decides, and what it is told. */
export const TUNER_DECISIONS = CHANGE_EVENTS
export const REFLEX_DECISIONS = ['breaker', 'cascade', 'stage', 'recovered', 'regression'] as const

/** Proposals and cascades whose trigger is remembered. */
const TRIGGERS_MAX = 256

class Triggers {
  readonly #known = new Map<string, Trigger>()

  of(key: string | undefined, span: SpanLike | undefined): Trigger | undefined {
    if (span === undefined) return key === undefined ? undefined : this.#known.get(key)
    const { traceId, spanId } = span.spanContext()
    const trigger = { traceId, spanId }
    if (key !== undefined && !this.#known.has(key)) {
      this.#known.set(key, trigger)
      if (this.#known.size > TRIGGERS_MAX) this.#known.delete(this.#known.keys().next().value as string)
    }
    return trigger
  }
}

/** Listens until the returned function is called. */
export function follow(sources: Sources, trace: TraceLike | undefined, told: OnDecision): () => void {
  const triggers = new Triggers()
  const stops: (() => void)[] = []
  const active = (): SpanLike | undefined => {
    // A timer inherits the context of whoever started it: a span that has ended triggered nothing.
    const span = trace?.getActiveSpan()
    return span?.isRecording() === true ? span : undefined
  }
  for (const tuner of sources.tuners) {
    const keyOf = (id: number | null): string | undefined => (id === null ? undefined : `${tuner.name} ${id}`)
    stops.push(
      tuner.on('proposed', ({ proposalId }: TunerEvent) => void triggers.of(keyOf(proposalId), active())),
      ...TUNER_DECISIONS.map((type) =>
        tuner.on(type, ({ timeUs, payload, seq, runId, generation, proposalId }: TunerEvent) => {
          const span = active()
          const trigger = triggers.of(keyOf(proposalId), span)
          const where = { seq, runId, generation, proposalId }
          told({ source: 'tuner', name: tuner.name, type, timeUs, payload, ...where, trigger }, span)
        }),
      ),
    )
  }
  const { reflex } = sources
  if (reflex !== undefined)
    stops.push(
      ...REFLEX_DECISIONS.map((type) =>
        reflex.on(type, (event: object) => {
          const span = active()
          const { timeUs, component = '', witness, ...payload } = event as { timeUs: number; [key: string]: unknown }
          const trigger = triggers.of(typeof witness === 'number' ? `cascade ${witness}` : undefined, span)
          const all = witness === undefined ? payload : { witness, ...payload }
          told({ source: 'reflex', name: String(component), type, timeUs, payload: all, trigger }, span)
        }),
      ),
    )
  return () => {
    for (const stop of stops) stop()
  }
}
