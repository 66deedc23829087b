import type { SecondReport } from './load/tally.js'
import type { Change, ServiceStatus } from './messages.js'
import { type PhaseSpan, phaseSpans } from './scenario.js'

/** One second of the comparison, with the settings that the tuned instance had at its end. */
export interface LiveSecond {
  readonly index: number
  readonly static: SecondReport
  readonly tuned: SecondReport
  readonly ttlMs: number
  readonly lingerMs: number
  readonly lagMs: number
}

const EMPTY: ServiceStatus = { ttlMs: Number.NaN, lingerMs: Number.NaN, requests: 0, misses: 0, databaseQueries: 0 }
/** Changes shown while the run goes on; the report has all of them. */
const MOST_CHANGES = 2000

/** The run as it goes: what the terminal and the page show. Bounded by the length of the run. */
export class Live {
  readonly phases: readonly PhaseSpan[]
  readonly seconds: LiveSecond[] = []
  readonly changes: Change[] = []
  readonly status: { static: ServiceStatus; tuned: ServiceStatus } = { static: EMPTY, tuned: EMPTY }
  finished = false
  readonly #listeners = new Set<(second: LiveSecond | undefined) => void>()

  readonly length: number
  readonly seed: number
  constructor(length: number, seed: number) {
    this.length = length
    this.seed = seed
    this.phases = phaseSpans(length)
  }

  /** Called with every new second, and with none when something else has changed. */
  listen(listener: (second: LiveSecond | undefined) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  second(index: number, of: { static: SecondReport; tuned: SecondReport }, lagMs: number): void {
    const { ttlMs, lingerMs } = this.status.tuned
    const second = { index, ...of, ttlMs, lingerMs, lagMs }
    this.seconds.push(second)
    for (const listener of this.#listeners) listener(second)
  }

  change(change: Change): void {
    if (this.changes.length < MOST_CHANGES) this.changes.push(change)
    for (const listener of this.#listeners) listener(undefined)
  }

  finish(): void {
    this.finished = true
    for (const listener of this.#listeners) listener(undefined)
  }

  phaseAt(atMs: number): PhaseSpan {
    return this.phases.find(({ toMs }) => atMs < toMs) ?? (this.phases.at(-1) as PhaseSpan)
  }

  /** Mean cost of the seconds that began in a phase, as far as they are known. */
  costIn(phase: PhaseSpan, of: 'static' | 'tuned'): number | undefined {
    return meanCost(this.seconds, phase, of)
  }
}

export function meanCost(
  seconds: readonly Pick<LiveSecond, 'index' | 'static' | 'tuned'>[],
  phase: PhaseSpan,
  of: 'static' | 'tuned',
): number | undefined {
  const within = seconds.filter(({ index }) => index * 1000 >= phase.fromMs && index * 1000 < phase.toMs)
  if (within.length === 0) return undefined
  return within.reduce((sum, second) => sum + second[of].cost, 0) / within.length
}
