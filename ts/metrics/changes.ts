/**
 * Counts of decisions since the exporter was opened, with the trace of the latest one of each kind.
 */
import { wallTimeMs } from '../clock.js'
import { CHANGE_EVENTS } from '../tuner/events.js'
import type { Decision, Trigger } from './decisions.js'
import type { Family, Labels, Sample } from './families.js'

export interface CountedSample extends Sample {
  /** What triggered the latest of them. */
  readonly trigger: Trigger | undefined
  /** When that was: seconds since the epoch. */
  readonly atSeconds: number
}

class Counts {
  readonly #counts = new Map<string, CountedSample>()

  start(labels: Labels): void {
    this.#counts.set(JSON.stringify(labels), { labels, value: 0, trigger: undefined, atSeconds: 0 })
  }

  add(labels: Labels, trigger: Trigger | undefined): void {
    const key = JSON.stringify(labels)
    const before = this.#counts.get(key)
    const seen = trigger === undefined && before !== undefined ? before : { trigger, atSeconds: wallTimeMs() / 1000 }
    const { trigger: latest, atSeconds } = seen
    this.#counts.set(key, { labels, value: (before?.value ?? 0) + 1, trigger: latest, atSeconds })
  }

  read(): CountedSample[] {
    return [...this.#counts.values()]
  }
}

/** Whose decisions are counted. */
export interface Counted {
  readonly tuners: readonly { readonly name: string }[]
  /** Whether a component has series of its own. */
  labelled(component: string): boolean
}

export class Changes {
  readonly families: readonly (Family & { read(): CountedSample[] })[]
  readonly #changes = new Counts()
  readonly #breakers = new Counts()
  readonly #counted: Counted

  constructor(counted: Counted) {
    this.#counted = counted
    for (const tuner of counted.tuners) this.start(tuner)
    this.families = [
      {
        name: 'changes',
        type: 'counter',
        help: 'Decisions since they are followed, by type.',
        labels: ['tuner', 'type'],
        read: () => this.#changes.read(),
      },
      {
        name: 'breaker_changes',
        type: 'counter',
        help: 'Breakers that changed their state since they are followed, by the state after.',
        labels: ['component', 'to'],
        read: () => this.#breakers.read(),
      },
    ]
  }

  /** From 0, so that the first one is an increase too. */
  start({ name }: { readonly name: string }): void {
    for (const type of CHANGE_EVENTS) this.#changes.start({ tuner: name, type })
  }

  take({ source, name, type, payload, trigger }: Omit<Decision, 'timeUs'>): void {
    if (source === 'tuner') this.#changes.add({ tuner: name, type }, trigger)
    else if (type === 'breaker' && this.#counted.labelled(name))
      this.#breakers.add({ component: name, to: String(payload.to) }, trigger)
  }
}
