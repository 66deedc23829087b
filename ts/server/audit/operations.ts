/**
 * Who asked for what, and what came of it: a journal of its own, hash-chained line by line like a tuner's (`homeostat journal verify`
 * reads it), with `payload.scope` `operations`.
 *
 * An entry `asked` is handed to the journal before anything is done, and one that says what came of it follows. Where the journal
 * takes nothing, what protects is done all the same and counted; everything else is refused.
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
  #seq = 0
  #tail: Promise<unknown>

  constructor(sink: JournalSink, runId: string, tell: (record: OperationRecord) => void) {
    this.#sink = sink
    this.#runId = runId
    this.#tell = tell
    this.#hash = sink.previous ?? NOTHING
    this.#tail = this.#append('start', { previous: sink.previous ?? null })
  }

  get lastSeq(): number {
    return this.#seq - 1
  }

  get journalFailure(): string | null {
    return this.#sink.failure?.message ?? null
  }

  /** The newest first. */
  list(limit: number, before = Number.POSITIVE_INFINITY): OperationRecord[] {
    const older = this.#kept.filter(({ seq }) => seq < before)
    return older.slice(-limit).reverse()
  }

  /** Journals the question; what it returns journals the answer. Throws `journal-unavailable`. */
  async ask({ protects, ...asked }: Asked): Promise<{ seq: number; end(came: CameOfIt): Promise<void> }> {
    const atMs = wallTimeMs()
    const recorded = this.#sink.failure === undefined && this.#sink.room() > 0
    if (!recorded && !protects)
      throw new Problem('journal-unavailable', 'what is not recorded is not done; only what protects is', {
        headers: { 'retry-after': '5' },
      })
    if (!recorded) this.unrecorded++
    const seq = await this.#queue('asked', { ...asked, atMs }, recorded)
    return {
      seq,
      end: async (came) => {
        const record: OperationRecord = { seq, atMs, ...asked, ...came }
        this.#kept.push(record)
        if (this.#kept.length > KEPT_MAX) this.#kept.shift()
        this.#tell(record)
        await this.#queue(came.outcome, { of: seq, ...came }, recorded)
      },
    }
  }

  /** One line after the other: each is hashed with the one before it. */
  #queue(event: string, payload: Readonly<Record<string, unknown>>, recorded: boolean): Promise<number> {
    const next = this.#tail.then(() => (recorded ? this.#append(event, payload) : this.#seq++))
    this.#tail = next.catch(() => {})
    return next
  }

  async #append(event: string, payload: Readonly<Record<string, unknown>>): Promise<number> {
    const seq = this.#seq++
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
