/** The one writer of a log: checks the chain, appends under its epoch, and says that it lives. */
import { HomeostatError } from '../../errors.js'
import type { HeadRow, LogTable, Trimmed } from '../backend.js'
import type { LogEntry, LogHead, LogWriter, StateOf } from '../contract.js'
import { stateItem } from '../items.js'
import { checkChain, hashOf, splitLines } from './chain.js'

/** Entries that are removed in one transaction, so that no other waits long. */
export const TRIM_STEP = 2000

interface WriterParts {
  readonly name: string
  readonly key: string
  readonly table: LogTable
  readonly leaseMs: number
  closed(): void
}

export class Writer implements LogWriter {
  readonly name: string
  readonly #parts: WriterParts
  #head: LogHead = { next: 0, hash: undefined, event: undefined }
  #first = 0
  #epoch: number | undefined
  #timer: ReturnType<typeof setInterval> | undefined
  #turn: Promise<unknown> = Promise.resolve()
  #closing: Promise<void> | undefined
  #fenced = false

  constructor(parts: WriterParts) {
    this.#parts = parts
    this.name = parts.name
  }

  get head(): LogHead {
    return this.#head
  }

  /** Takes the log by `claimed`; a store that closes meanwhile waits for that, and gives the log back. */
  begin(claimed: () => Promise<HeadRow>): Promise<void> {
    return this.#inTurn(async () => this.#begin(await claimed()))
  }

  /** The log is ours from here on. */
  #begin(row: HeadRow): void {
    this.#epoch = row.epoch
    this.#first = row.first
    this.#head = { next: row.next, hash: row.hash ?? undefined, event: row.event ?? undefined }
    const { table, key, leaseMs } = this.#parts
    this.#timer = setInterval(() => {
      table.beat(key, row.epoch).then(
        (ours) => {
          if (!ours) this.#fenced = true
        },
        // Away for now; an append says so to whoever waits for it.
        () => {},
      )
    }, leaseMs / 4)
    const timer: unknown = this.#timer
    if (typeof timer === 'object' && timer !== null && 'unref' in timer) (timer as { unref(): void }).unref()
  }

  append(lines: string | Uint8Array, state?: StateOf): Promise<void> {
    return this.#inTurn(() => this.#append(lines, state))
  }

  async #append(lines: string | Uint8Array, state: StateOf | undefined): Promise<void> {
    const epoch = this.#usable()
    const rows = splitLines(lines, this.#head.next)
    const last = rows.at(-1)
    if (last === undefined) return
    await checkChain(rows, this.#head.hash ?? (this.#head.next > 0 ? null : undefined))
    const { table, key } = this.#parts
    const hash = hashOf(last.line)
    const from = this.#head.next
    const bytes = typeof lines === 'string' ? new TextEncoder().encode(lines).length : lines.length
    const item = state === undefined ? {} : { item: stateItem(state) }
    if (!(await table.append({ key, epoch, from, rows, bytes, hash, ...item }))) {
      const row = await table.head(key)
      if (row === undefined || row.epoch !== epoch) throw this.#takenOver()
      // The append before this one was taken, but its answer was lost: these are its lines.
      if (row.next !== from + rows.length || row.hash !== hash) {
        throw new HomeostatError('HOMEOSTAT_STORAGE_CORRUPT', `the log ${this.name} was changed by something else`)
      }
    }
    this.#head = { next: from + rows.length, hash, event: last.event }
  }

  /** How many entries there are beyond `keep`. */
  surplus(keep: number): number {
    return this.#head.next - this.#first - keep
  }

  /** In steps, between which appends have their turn. */
  async trim(keep: number): Promise<{ entries: number; bytes: number }> {
    const total = { entries: 0, bytes: 0 }
    do {
      const step = await this.trimStep(keep)
      total.entries += step.entries
      total.bytes += step.bytes
    } while (this.surplus(keep) > 0)
    return total
  }

  /** The entries that the next step would remove. Appends do not wait for it. */
  async oldest(keep: number): Promise<LogEntry[]> {
    this.#usable()
    const before = this.#head.next - keep
    if (before <= this.#first) return []
    const query = { from: this.#first, before, limit: TRIM_STEP, newestFirst: false }
    return this.#parts.table.entries(this.#parts.key, query)
  }

  /** Removes at most `TRIM_STEP` of the oldest entries, none from the place `end` on. */
  trimStep(keep: number, end = Number.POSITIVE_INFINITY): Promise<Trimmed> {
    return this.#inTurn(async () => {
      this.#usable()
      const before = Math.min(this.#head.next - keep, end)
      if (before <= this.#first) return { entries: 0, bytes: 0, first: this.#first }
      const step = await this.#parts.table.trim(this.#parts.key, before, TRIM_STEP)
      this.#first = step.first
      return step
    })
  }

  close(): Promise<void> {
    this.#closing ??= this.#inTurn(async () => {
      clearInterval(this.#timer)
      try {
        // A store that is away keeps the holder: it is seen to be gone by its process or its lease.
        if (this.#epoch !== undefined && !this.#fenced) await this.#parts.table.release(this.#parts.key, this.#epoch)
      } catch {
      } finally {
        this.#parts.closed()
      }
    })
    return this.#closing
  }

  #usable(): number {
    if (this.#fenced) throw this.#takenOver()
    if (this.#closing !== undefined || this.#epoch === undefined) {
      throw new HomeostatError('HOMEOSTAT_CLOSED', `the writer of the log ${this.name} was closed before this call`)
    }
    return this.#epoch
  }

  #takenOver(): HomeostatError {
    this.#fenced = true
    return new HomeostatError(
      'HOMEOSTAT_STORAGE_FENCED',
      `the log ${this.name} was taken over by another process: this one had given no sign for ${this.#parts.leaseMs} ms`,
    )
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => {})
    return turn
  }
}
