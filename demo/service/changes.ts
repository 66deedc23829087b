import type { TunerEvent } from 'homeostat'
import type { Change } from '../messages.js'
import { cost } from '../view/format.js'

type Payload = Readonly<Record<string, unknown>>

/** Turns the tuner's events into changes in words. A proposal carries the evidence, its application the values. */
export class Changes {
  readonly all: Change[] = []
  readonly #onChange: (change: Change) => void
  #values: Record<string, number>
  #evidence: { proposalId: number | null; why: string } = { proposalId: null, why: '' }

  constructor(initial: Record<string, number>, onChange: (change: Change) => void) {
    this.#values = { ...initial }
    this.#onChange = onChange
  }

  proposed(event: TunerEvent): void {
    this.#evidence = { proposalId: event.proposalId, why: evidence(event.payload) }
  }

  /** Applied values, whatever moved them; one change for each knob that differs. */
  applied(event: TunerEvent): void {
    const values = event.payload.values as Record<string, number>
    const how = String(event.payload.kind)
    const kind = how === 'shadow' || how === 'move' ? 'applied' : how
    const why = this.#evidence.proposalId === event.proposalId ? this.#evidence.why : ''
    for (const [knob, to] of Object.entries(values)) {
      const from = this.#values[knob]
      if (from !== undefined && from !== to) this.#add({ atMs: event.timeUs / 1000, kind, knob, from, to, why })
    }
    this.#values = { ...values }
  }

  /** Anything else worth telling: a refusal, SafeMode, a rollback. */
  other(kind: string, event: TunerEvent): void {
    const detail = event.payload.verdict ?? event.payload.reason ?? event.payload.by
    const why = [detail, evidence(event.payload)].filter((part) => typeof part === 'string' && part !== '').join(': ')
    this.#add({ atMs: event.timeUs / 1000, kind, why })
  }

  #add(change: Change): void {
    this.all.push(change)
    this.#onChange(change)
  }
}

function evidence(payload: Payload): string {
  const found = (payload.evidence ?? {}) as Record<string, unknown>
  const { here, best, before, after } = found
  if (typeof here === 'number' && typeof best === 'number') {
    return `the same traffic would have cost ${cost(best)} instead of ${cost(here)} per second`
  }
  if (typeof before === 'number' && typeof after === 'number')
    return `the objective rose from ${cost(before)} to ${cost(after)} on the tuner's scale`
  return ''
}
