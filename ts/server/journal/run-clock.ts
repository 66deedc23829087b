/**
 * Wall time of a journal's entries. They have the time of their process's clock, which says nothing about that of another process; so
 * runs follow one another without the time in which nothing ran, and one whose place is known gives all others theirs.
 */
import type { JournalEntry } from '../../tuner/events.js'
import type { Run } from './feed.js'

/** Wall time, in milliseconds, at 0 of the clock of one of the runs. */
export interface Anchor {
  readonly run: number
  readonly originMs: number
}

export class RunClock {
  readonly #runs: readonly Run[]
  readonly #origins: number[] = []
  #originMs: number | undefined
  #lastMs = Number.NEGATIVE_INFINITY

  constructor(runs: readonly Run[], { run, originMs }: Anchor) {
    this.#runs = runs
    const first = (i: number): number => (runs[i] as Run).first.time_us / 1000
    const last = (i: number): number => (runs[i] as Run).lastUs / 1000
    this.#origins[run] = originMs
    for (let i = run + 1; i < runs.length; i++)
      this.#origins[i] = (this.#origins[i - 1] as number) + last(i - 1) - first(i)
    for (let i = run - 1; i >= 0; i--) this.#origins[i] = (this.#origins[i + 1] as number) + first(i + 1) - last(i)
  }

  /** The entry that comes next. */
  take(entry: JournalEntry): void {
    if (entry.event === 'start' || this.#originMs === undefined) this.#originMs = this.#originOf(entry)
    this.#lastMs = Math.max(this.#lastMs, this.atMs(entry.time_us))
  }

  /** Of the run that `take` is in. */
  atMs(timeUs: number): number {
    return (this.#originMs ?? this.#origins[0] ?? 0) + timeUs / 1000
  }

  #originOf({ hash, run_id: runId, time_us: timeUs }: JournalEntry): number {
    let at = this.#runs.findLastIndex(({ first }) => first.hash === hash)
    // It is begun with in the middle of a run.
    if (at < 0 && this.#originMs === undefined)
      at = this.#runs.findLastIndex(
        ({ first, lastUs }) => first.run_id === runId && first.time_us <= timeUs && timeUs <= lastUs,
      )
    // A run that began since.
    if (at < 0) return this.#originMs === undefined ? this.atMs(0) : this.#lastMs - timeUs / 1000
    return this.#origins[at] as number
  }
}
