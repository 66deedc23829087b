/**
 * A tuner's journal on its way into a store. The tuner's loop only hands bytes over; they are written together, in order, in the
 * background, and stay here until the store acknowledged them.
 *
 * While the store is away the sink keeps taking up to `maxPending` bytes, and tries again ever slower up to 2 s: nothing of it is
 * lost. Beyond that, entries stay in the core's queue; when that is full too, the core holds the knobs in SafeMode and counts what it
 * does not record, exactly (the journal's `gap` entries).
 */
import type { Clock } from '../../clock.js'
import { HomeostatError, isHomeostatError } from '../../errors.js'
import type { JournalSink } from '../../journal/sink.js'
import type { LogEntry, RunStart, StateOf } from '../contract.js'
import type { Archive } from './archive.js'
import { ArchivePause } from './pause.js'
import { StateFold } from './state.js'
import type { Writer } from './writer.js'

const RETRY_FIRST_MS = 50
const RETRY_MOST_MS = 2000
/** Most bytes of one append: a few milliseconds of work for a store that is in this process. */
const BATCH_BYTES = 1 << 17
/** Entries beyond `keep` before the oldest are removed. */
const TRIM_SLACK = 5000
/** Share of a close's time that a step of archiving under way may take: what it does not finish is archived by the next writer. */
const ARCHIVE_CLOSE_SHARE = 0.25
const NEWLINE = 10
/** What no repetition mends. */
const FINAL = new Set([
  'HOMEOSTAT_STORAGE_FENCED',
  'HOMEOSTAT_CLOSED',
  'HOMEOSTAT_JOURNAL_BROKEN',
  'HOMEOSTAT_JOURNAL_MALFORMED',
])

export interface LogSinkOptions {
  readonly batchMs: number
  readonly maxPending: number
  readonly keep: number
  /** Scope and id of the state that is kept along. */
  readonly scope: string
  readonly id: string
  /** Keeps how a run began, which outlasts the entries that are trimmed. */
  keepStart(start: RunStart): Promise<unknown>
  /** Takes what is trimmed, before it is. */
  readonly archive: Archive | undefined
  /** For the pauses between attempts to archive. */
  readonly clock: Clock
  /** Where what is kept can be read. */
  readonly kept: NonNullable<JournalSink['kept']>
}

export class LogSink implements JournalSink {
  readonly path = undefined
  readonly stats = { taken: 0, written: 0, dropped: 0, pruned: 0, failures: 0, torn: 0, unclean: 0 }
  readonly previous: string | undefined
  readonly kept: NonNullable<JournalSink['kept']>
  failure: Error | undefined
  readonly #writer: Writer
  readonly #options: LogSinkOptions
  readonly #pending: Uint8Array[] = []
  readonly #fold = new StateFold()
  readonly #archivePause: ArchivePause
  #pendingBytes = 0
  #writing: Promise<void> | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #wake: (() => void) | undefined
  #closing = false
  #givenUp = false
  #trimming = false
  #archiving: Promise<void> | undefined
  #startKept: RunStart | undefined

  constructor(writer: Writer, options: LogSinkOptions) {
    this.#writer = writer
    this.#options = options
    this.previous = writer.head.hash
    this.kept = options.kept
    this.#archivePause = new ArchivePause(options.clock, options.id)
    this.stats.unclean = writer.head.next > 0 && writer.head.event !== 'stop' ? 1 : 0
  }

  get notice(): JournalSink['notice'] {
    return this.#archivePause.notice
  }

  room(): number {
    return this.#closing || this.#givenUp ? 0 : Math.max(0, this.#options.maxPending - this.#pendingBytes)
  }

  write(bytes: Uint8Array): void {
    this.stats.taken += bytes.length
    if (this.#givenUp) {
      this.stats.dropped += bytes.length
      return
    }
    this.#pending.push(bytes)
    this.#pendingBytes += bytes.length
    if (this.#closing || this.#pendingBytes >= BATCH_BYTES) this.#start()
    else if (this.#writing === undefined) this.#timer ??= unref(setTimeout(() => this.#start(), this.#options.batchMs))
  }

  async close(timeoutMs: number): Promise<void> {
    this.#closing = true
    this.#wake?.()
    this.#start()
    // An append that hangs is left to itself; so is an archive, sooner, so that there is time to give the log back.
    await Promise.all([within(timeoutMs, this.#writing), within(timeoutMs * ARCHIVE_CLOSE_SHARE, this.#archiving)])
    this.#giveUp()
    await within(Math.max(100, timeoutMs), this.#writer.close())
  }

  #giveUp(): void {
    this.#givenUp = true
    this.stats.dropped += this.#pendingBytes
    this.#pendingBytes = 0
    this.#pending.length = 0
    this.#wake?.()
  }

  #start(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#pending.length === 0) return
    this.#writing ??= this.#drain()
      .catch((error: unknown) => {
        // Nothing is known to end here; what does must neither be lost nor repeated without a pause.
        this.#failed(error)
        return this.#givenUp ? undefined : this.#pause(RETRY_MOST_MS)
      })
      .finally(() => {
        this.#writing = undefined
        if (this.#pending.length > 0 && !this.#givenUp) this.#start()
      })
  }

  async #drain(): Promise<void> {
    let retryMs = RETRY_FIRST_MS
    while (this.#pending.length > 0 && !this.#givenUp) {
      const batch = this.#next()
      const state = this.#stateAfter(batch)
      for (;;) {
        try {
          await this.#writer.append(batch, state)
          break
        } catch (error) {
          if (this.#givenUp) return
          this.#failed(error)
          if (FINAL.has((error as HomeostatError).code)) return this.#giveUp()
          await this.#pause(this.#closing ? 10 : retryMs)
          retryMs = Math.min(retryMs * 2, RETRY_MOST_MS)
          if (this.#givenUp) return
        }
      }
      // Given up meanwhile, it was counted as dropped: it arrived after all.
      if (this.#givenUp) this.stats.dropped -= batch.length
      else this.#pendingBytes -= batch.length
      this.stats.written += batch.length
      this.failure = undefined
      retryMs = RETRY_FIRST_MS
      if (!this.#givenUp) this.#taken(batch.length)
      await this.#keepStart()
      await this.#trim()
    }
  }

  /** Whole lines from the front, at most about BATCH_BYTES; they stay pending until they are written. */
  #next(): Uint8Array {
    const bytes = joined(this.#pending)
    this.#pending.splice(0, this.#pending.length, bytes)
    if (bytes.length <= BATCH_BYTES) return bytes
    const end = bytes.lastIndexOf(NEWLINE, BATCH_BYTES - 1)
    return bytes.subarray(0, (end < 0 ? bytes.indexOf(NEWLINE) : end) + 1)
  }

  #taken(count: number): void {
    const first = this.#pending[0] as Uint8Array
    if (first.length === count) this.#pending.shift()
    else this.#pending[0] = first.subarray(count)
  }

  #stateAfter(batch: Uint8Array): StateOf | undefined {
    let changed = false
    for (const line of new TextDecoder().decode(batch).split('\n')) {
      if (line !== '' && this.#fold.push(line)) changed = true
    }
    const { scope, id } = this.#options
    return changed && this.#fold.state !== undefined ? { scope, id, value: this.#fold.state } : undefined
  }

  async #keepStart(): Promise<void> {
    const { start } = this.#fold
    if (start === undefined || start === this.#startKept) return
    try {
      await this.#options.keepStart(start)
      this.#startKept = start
    } catch {
      // Tried again with the next entries; the journal itself has it for long.
      this.stats.failures++
    }
  }

  /** One step after an append: what waits to be written is never behind a large number of steps. */
  async #trim(): Promise<void> {
    const surplus = this.#writer.surplus(this.#options.keep)
    this.#trimming = surplus > (this.#trimming ? 0 : TRIM_SLACK)
    if (!this.#trimming) return
    const { archive } = this.#options
    if (archive === undefined) return this.#remove()
    if (this.#closing || this.#archivePause.lasts) return
    // Elsewhere may take its time, which appends do not wait for.
    this.#archiving ??= this.#archive(archive).finally(() => {
      this.#archiving = undefined
    })
  }

  async #archive(archive: Archive): Promise<void> {
    let last: LogEntry | undefined
    try {
      const oldest = await this.#writer.oldest(this.#options.keep)
      last = oldest.at(-1)
      if (last === undefined) return
      await archive.keep(oldest, () => !this.#givenUp)
      this.#archivePause.succeeded()
    } catch (error) {
      // Nothing is removed that is not there.
      this.stats.failures++
      if (!this.#givenUp) this.#archivePause.failed(error)
      return
    }
    await this.#remove(last.position + 1)
  }

  async #remove(end?: number): Promise<void> {
    try {
      this.stats.pruned += (await this.#writer.trimStep(this.#options.keep, end)).bytes
    } catch {
      // Tried again with the next ones; the journal itself is kept.
      this.stats.failures++
    }
  }

  #failed(error: unknown): void {
    this.stats.failures++
    this.failure = isHomeostatError(error)
      ? error
      : new HomeostatError('HOMEOSTAT_STORAGE_IO', `the journal cannot be kept: ${String(error)}`, { cause: error })
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = unref(setTimeout(resolve, ms))
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0] as Uint8Array
  const all = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    all.set(piece, at)
    at += piece.length
  }
  return all
}

async function within(ms: number, work: Promise<void> | undefined): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const end = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([work, end])
  clearTimeout(timer)
}

/** A timer that does not keep the process alive, where timers can say so. */
function unref<T>(timer: T): T {
  if (typeof timer === 'object' && timer !== null && 'unref' in timer) (timer as unknown as { unref(): void }).unref()
  return timer
}
