import type { TunerEvent } from 'homeostat'
import type { Change } from '../messages.js'
import { cost } from '../view/format.js'

type Payload = Readonly<Record<string, unknown>>

export interface ChangesOptions {
  /** Values at the start, as the tuner says them. */
  readonly initial: Readonly<Record<string, number>>
  /** How many times faster than the run the tuner's clock runs, and the knobs that count in its time. */
  readonly story: { readonly clock: number; readonly knobs: readonly string[] }
  readonly onChange: (change: Change) => void
}

/** Turns the tuner's events into changes in words, in the run's time. A proposal carries the evidence, its application the values. */
export class Changes {
  readonly all: Change[] = []
  readonly #options: ChangesOptions
  #values: Readonly<Record<string, number>>
  #evidence: { proposalId: number | null; why: string } = { proposalId: null, why: '' }

  constructor(options: ChangesOptions) {
    this.#options = options
    this.#values = options.initial
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
      if (from === undefined || from === to) continue
      this.#add(event, { kind, knob, from: this.#inRun(knob, from), to: this.#inRun(knob, to), why })
    }
    this.#values = { ...values }
  }

  /** Anything else worth telling: a refusal, SafeMode, a rollback. */
  other(kind: string, event: TunerEvent): void {
    const detail = event.payload.verdict ?? event.payload.reason ?? event.payload.by
    const why = [detail, evidence(event.payload)].filter((part) => typeof part === 'string' && part !== '').join(': ')
    this.#add(event, { kind, why })
  }

  #inRun(knob: string, value: number): number {
    const { clock, knobs } = this.#options.story
    return knobs.includes(knob) ? value / clock : value
  }

  #add(event: TunerEvent, what: Omit<Change, 'atMs'>): void {
    const change = { atMs: event.timeUs / 1000 / this.#options.story.clock, ...what }
    this.all.push(change)
    this.#options.onChange(change)
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
