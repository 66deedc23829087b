/**
 * A journal in numbers.
 */
import type { Entry } from './entries.js'

export interface JournalStats {
  readonly entries: number
  readonly bytes: number
  readonly runs: number
  readonly events: Readonly<Record<string, number>>
  /** Verdicts of proposals. */
  readonly verdicts: Readonly<Record<string, number>>
  /** Changes of live values by kind. */
  readonly applied: Readonly<Record<string, number>>
  readonly generation: number
  /** On the runs' own clocks, together. */
  readonly duration_us: number
  /** Inputs that were not recorded while the queue was full. */
  readonly dropped: number
  readonly safe_mode_us: number
}

interface Run {
  readonly id: string
  readonly firstUs: number
  lastUs: number
  /** When SafeMode was entered, while it lasts. */
  safeSinceUs: number | undefined
}

export class StatsCounter {
  #entries = 0
  #bytes = 0
  #runs = 0
  #generation = 0
  #durationUs = 0
  #dropped = 0
  #safeModeUs = 0
  #run: Run | undefined
  readonly #events = new Map<string, number>()
  readonly #verdicts = new Map<string, number>()
  readonly #applied = new Map<string, number>()

  add(entry: Entry, bytes: number): void {
    this.#entries++
    this.#bytes += bytes
    this.#generation = Math.max(this.#generation, entry.generation)
    const run = this.#run?.id === entry.run_id ? this.#run : this.#begin(entry)
    run.lastUs = entry.time_us
    count(this.#events, entry.event)
    const { payload } = entry
    if (entry.event === 'proposal') count(this.#verdicts, String(payload.verdict))
    if (entry.event === 'apply' || entry.event === 'rollback') count(this.#applied, String(payload.kind))
    if (entry.event === 'gap') this.#dropped += Number(payload.dropped)
    if (entry.event === 'safe-mode') run.safeSinceUs ??= entry.time_us
    if (entry.event === 'recovered') this.#endSafeMode(entry.time_us)
  }

  result(): JournalStats {
    this.#endRun()
    return {
      entries: this.#entries,
      bytes: this.#bytes,
      runs: this.#runs,
      events: sorted(this.#events),
      verdicts: sorted(this.#verdicts),
      applied: sorted(this.#applied),
      generation: this.#generation,
      duration_us: this.#durationUs,
      dropped: this.#dropped,
      safe_mode_us: this.#safeModeUs,
    }
  }

  #begin(entry: Entry): Run {
    this.#endRun()
    this.#runs++
    this.#run = { id: entry.run_id, firstUs: entry.time_us, lastUs: entry.time_us, safeSinceUs: undefined }
    return this.#run
  }

  #endSafeMode(nowUs: number): void {
    const run = this.#run
    if (run?.safeSinceUs === undefined) return
    this.#safeModeUs += nowUs - run.safeSinceUs
    run.safeSinceUs = undefined
  }

  #endRun(): void {
    const run = this.#run
    if (run === undefined) return
    this.#endSafeMode(run.lastUs)
    this.#durationUs += run.lastUs - run.firstUs
    this.#run = undefined
  }
}

const count = (counts: Map<string, number>, name: string): void => {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

const sorted = (counts: Map<string, number>): Record<string, number> =>
  Object.fromEntries([...counts].sort(([, a], [, b]) => b - a))
