/**
 * What an archive that is away costs: one attempt per pause, ever longer ones, and one word to whoever listens; another one when it is
 * back.
 */
import type { Clock } from '../../clock.js'
import { isHomeostatError } from '../../errors.js'
import type { JournalSink } from '../../journal/sink.js'

const FIRST_MS = 1000
const MOST_MS = 60_000

export class ArchivePause {
  notice: JournalSink['notice']
  readonly #clock: Clock
  readonly #log: string
  /** 0 while all is well. */
  #pauseMs = 0
  #untilUs = Number.NEGATIVE_INFINITY

  constructor(clock: Clock, log: string) {
    this.#clock = clock
    this.#log = log
  }

  /** Whether it is too early for another attempt. */
  get lasts(): boolean {
    return this.#pauseMs > 0 && this.#clock.nowUs() < this.#untilUs
  }

  failed(error: unknown): void {
    const first = this.#pauseMs === 0
    this.#pauseMs = first ? FIRST_MS : Math.min(2 * this.#pauseMs, MOST_MS)
    this.#untilUs = this.#clock.nowUs() + 1000 * this.#pauseMs
    if (!first) return
    const code = isHomeostatError(error) ? error.code : 'HOMEOSTAT_STORAGE_IO'
    const message = `nothing of the journal ${this.#log} can be archived, and nothing of it is removed: ${String(error)}`
    this.notice = { code, message }
  }

  succeeded(): void {
    if (this.#pauseMs === 0) return
    this.#pauseMs = 0
    const code = this.notice?.code ?? 'HOMEOSTAT_STORAGE_IO'
    this.notice = { code, message: `the journal ${this.#log} is archived again` }
  }
}
