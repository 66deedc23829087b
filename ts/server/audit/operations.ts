/**
 * Who asked for what, and what came of it: a journal of its own, hash-chained line by line like a tuner's (`homeostat journal verify`
 * reads it), with `payload.scope` `operations`.
 *
 * An entry `asked` is handed to the journal before anything is done, and one that says what came of it follows. Where the journal
 * takes nothing, what protects is done all the same and counted; everything else is refused. Entries that the journal has follow one
 * another without a hole: before the first one after others that it does not have stands a `gap`, which says how many those are.
 */
import { systemClock, wallTimeMs } from '../../clock.js'
import type { JournalSink } from '../../journal/sink.js'
import type { OperationRecord } from '../api/commands.js'
import { Problem } from '../http/problem.js'

const KEPT_MAX = 1000
const encoder = new TextEncoder()
const NOTHING = '0'.repeat(64)

export interface Asked {
  readonly actor: string
  readonly peer: string | null
  readonly target: string
  readonly command: Readonly<Record<string, unknown>>
  /** It only makes things safer. */
  readonly protects: boolean
}

export type CameOfIt = Pick<OperationRecord, 'outcome' | 'violation' | 'generation' | 'entries'>

export class Operations {
  /** Operations that were done although the journal took nothing. */
  unrecorded = 0
  readonly #sink: JournalSink
  readonly #runId: string
  readonly #tell: (record: OperationRecord) => void
  readonly #kept: OperationRecord[] = []
  #hash: string
  /** Of everything that is to be recorded, whether it was or not. */
  #seq = 0
  /** The place of the next entry of the journal. */
  #place = 0
  /** Entries that the journal does not have, since the last one that it has. */
  #missing = 0
  #tail: Promise<unknown>

  constructor(sink: JournalSink, runId: string, tell: (record: OperationRecord) => void) {
    this.#sink = sink
    this.#runId = runId
    this.#tell = tell
    this.#hash = sink.previous ?? NOTHING
    this.#seq++
    this.#tail = this.#append('start', { previous: sink.previous ?? null })
  }

  /** Grows with everything that is to be recorded. */
  get lastSeq(): number {
    return this.#seq - 1
  }

  get journalFailure(): string | null {
    return this.#sink.failure?.message ?? null
  }

  /** The newest first, by when they were asked. */
  list(limit: number, before = Number.POSITIVE_INFINITY): OperationRecord[] {
    const older = this.#kept.filter(({ seq }) => seq < before)
    return older.slice(-limit).reverse()
  }

  /** Journals the question; what it returns journals the answer. Throws `journal-unavailable`. */
  async ask({ protects, ...asked }: Asked): Promise<{ seq: number; end(came: CameOfIt): Promise<void> }> {
    const atMs = wallTimeMs()
    const takes = this.#sink.failure === undefined && this.#sink.room() > 0
    if (!takes && !protects)
      throw new Problem('journal-unavailable', 'what is not recorded is not done; only what protects is', {
        headers: { 'retry-after': '5' },
      })
    if (!takes) this.unrecorded++
    const seq = this.#seq++
    const entry = await this.#queue('asked', { ...asked, atMs }, () => takes)
    return {
      seq,
      end: async (came) => {
        this.#keep({ seq, entry, atMs, ...asked, ...came })
        this.#seq++
        // What came of it waits in the sink as long as there is room, even while the medium fails.
        await this.#queue(came.outcome, { of: entry, ...came }, () => entry !== null && this.#sink.room() > 0)
      },
    }
  }

  /** In the order of asking, so that a list that is read in pieces skips none that took longer. */
  #keep(record: OperationRecord): void {
    const after = this.#kept.findLastIndex(({ seq }) => seq < record.seq)
    this.#kept.splice(after + 1, 0, record)
    if (this.#kept.length > KEPT_MAX) this.#kept.shift()
    this.#tell(record)
  }

  /** One line after the other: each is hashed with the one before it. Its place; null where it is not recorded. */
  #queue(event: string, payload: Readonly<Record<string, unknown>>, takes: () => boolean): Promise<number | null> {
    const next = this.#tail.then(async () => {
      if (!takes()) {
        this.#missing++
        return null
      }
      const dropped = this.#missing
      this.#missing = 0
      if (dropped > 0) await this.#append('gap', { dropped })
      return this.#append(event, payload)
    })
    this.#tail = next.catch(() => {})
    return next
  }

  async #append(event: string, payload: Readonly<Record<string, unknown>>): Promise<number> {
    const seq = this.#place++
    const entry = {
      seq,
      event,
      time_us: systemClock.nowUs(),
      run_id: this.#runId,
      proposal_id: null,
      generation: 0,
      payload: { scope: 'operations', ...payload },
    }
    const open = JSON.stringify(entry).slice(0, -1)
    this.#hash = await chain(this.#hash, open)
    this.#sink.write(encoder.encode(`${open},"hash":"${this.#hash}"}\n`))
    return seq
  }

  /** Ends when what was handed over is durable, or after `timeoutMs`. */
  async close(timeoutMs: number): Promise<void> {
    await this.#tail
    await this.#sink.close(timeoutMs)
  }
}

/** SHA-256 over the hash before and the line up to its own hash. */
async function chain(before: string, open: string): Promise<string> {
  const text = encoder.encode(open)
  const bytes = new Uint8Array(32 + text.length)
  for (let i = 0; i < 32; i++) bytes[i] = Number.parseInt(before.slice(2 * i, 2 * i + 2), 16)
  bytes.set(text, 32)
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
