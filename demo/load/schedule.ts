import { HOT_FROM_RANK, type Phase, type PhaseSpan, phaseSpans, type Scenario } from '../scenario.js'
import { exponential, type Random, random } from './random.js'

/** Times in milliseconds from the start of the run, rows from 1. Sorted by time. */
export interface Events {
  readonly atMs: Float64Array
  readonly row: Int32Array
}

export interface Schedule {
  readonly seconds: number
  readonly phases: readonly PhaseSpan[]
  readonly requests: Events
  readonly updates: Events
}

/** Everything that happens in a run, from a seed alone: the loader sends it, the database worker applies its updates. */
export function buildSchedule(scenario: Scenario, seconds: number, seed: number): Schedule {
  const phases = phaseSpans(seconds, scenario)
  const popularity = new Popularity(scenario, seconds, seed)
  return {
    seconds,
    phases,
    requests: draw(phases, (phase) => phase.requestsPerSecond, popularity, random(seed, 'requests')),
    updates: draw(phases, (phase) => phase.updatesPerSecond, popularity, random(seed, 'updates')),
  }
}

function draw(
  phases: readonly PhaseSpan[],
  rate: (phase: Phase) => number,
  popularity: Popularity,
  uniform: Random,
): Events {
  const atMs: number[] = []
  const row: number[] = []
  popularity.rewind()
  for (const phase of phases) {
    let at = phase.fromMs
    for (;;) {
      at += exponential(uniform, rate(phase)) * 1000
      if (at >= phase.toMs) break
      atMs.push(at)
      row.push(popularity.draw(phase, at, uniform))
    }
  }
  return { atMs: Float64Array.from(atMs), row: Int32Array.from(row) }
}

/**
 * Which row has which rank of the popularity, and when ranks change hands: every `everySeconds` a share of the ranks is
 * exchanged in pairs. A cursor walks forward through the exchanges; `rewind` starts again.
 */
class Popularity {
  readonly #cumulative: Float64Array
  readonly #first: Int32Array
  readonly #swaps: Int32Array[] = []
  readonly #everyMs: number
  #rowOfRank: Int32Array
  #swapped = 0

  constructor(scenario: Scenario, seconds: number, seed: number) {
    const { rows, zipf, churn } = scenario
    this.#cumulative = new Float64Array(rows)
    let sum = 0
    for (let rank = 1; rank <= rows; rank++) {
      sum += rank ** -zipf
      this.#cumulative[rank - 1] = sum
    }
    for (let i = 0; i < rows; i++) this.#cumulative[i] = (this.#cumulative[i] as number) / sum

    const shuffle = random(seed, 'rows')
    this.#first = Int32Array.from({ length: rows }, (_, i) => i + 1)
    for (let i = rows - 1; i > 0; i--) exchange(this.#first, i, Math.floor(shuffle() * (i + 1)))
    this.#rowOfRank = this.#first.slice()

    this.#everyMs = churn.everySeconds * 1000
    const pairs = Math.round((rows * churn.swapRanksShare) / 2)
    const uniform = random(seed, 'churn')
    for (let at = this.#everyMs; at < seconds * 1000; at += this.#everyMs) {
      this.#swaps.push(Int32Array.from({ length: pairs * 2 }, () => Math.floor(uniform() * rows)))
    }
  }

  rewind(): void {
    this.#rowOfRank = this.#first.slice()
    this.#swapped = 0
  }

  draw(phase: Phase, atMs: number, uniform: Random): number {
    const due = Math.min(Math.floor(atMs / this.#everyMs), this.#swaps.length)
    while (this.#swapped < due) {
      const swap = this.#swaps[this.#swapped++] as Int32Array
      for (let i = 0; i < swap.length; i += 2) exchange(this.#rowOfRank, swap[i] as number, swap[i + 1] as number)
    }
    const hot = phase.hotKeys !== undefined && uniform() < (phase.hotShare ?? 0)
    const rank = hot ? HOT_FROM_RANK - 1 + Math.floor(uniform() * (phase.hotKeys ?? 0)) : this.#zipf(uniform())
    return this.#rowOfRank[rank] as number
  }

  #zipf(u: number): number {
    let low = 0
    let high = this.#cumulative.length - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#cumulative[middle] as number) > u) high = middle
      else low = middle + 1
    }
    return low
  }
}

function exchange(array: Int32Array, a: number, b: number): void {
  const kept = array[a] as number
  array[a] = array[b] as number
  array[b] = kept
}
