/**
 * Moves journal entries from the core's queue to the sink, as fast as the sink takes them, and on to listeners.
 */
import type { Engine } from '../binding.js'
import type { JournalSink } from '../journal/sink.js'
import { type Emitter, emitJournal } from './events.js'

const PIECE_BYTES = 1 << 18
const PIECES_PER_TICK = 64

export class Pump {
  readonly #engine: Engine
  readonly #sink: JournalSink
  readonly #emitter: Emitter
  #running = false
  #failure: Error | undefined
  #notice: JournalSink['notice']

  constructor(engine: Engine, sink: JournalSink, emitter: Emitter) {
    this.#engine = engine
    this.#sink = sink
    this.#emitter = emitter
  }

  /** Takes what the sink has room for. A listener may act on the tuner, which pumps again: that is left to this run. */
  run(): void {
    if (this.#running) return
    this.#running = true
    try {
      for (let i = 0; i < PIECES_PER_TICK && this.#engine.queued() > 0; i++) {
        const room = this.#sink.room()
        if (room <= 0) break
        const bytes = this.#engine.takeJournal(Math.min(room, PIECE_BYTES))
        if (bytes.length === 0) break
        this.#sink.write(bytes)
        if (this.#emitter.wantsJournal) emitJournal(bytes, this.#emitter)
      }
    } finally {
      this.#running = false
    }
    this.#reportFailure()
    const { notice } = this.#sink
    if (notice === this.#notice) return
    this.#notice = notice
    if (notice !== undefined) this.#emitter.emit('trouble', { type: 'trouble', ...notice })
  }

  #reportFailure(): void {
    const failure = this.#sink.failure
    if (failure === this.#failure) return
    this.#failure = failure
    if (failure === undefined) return
    this.#emitter.emit('trouble', { type: 'trouble', code: 'HOMEOSTAT_JOURNAL_IO', message: failure.message })
  }
}
