/**
 * Logs over a table.
 *
 * One writer at a time, by an epoch: whoever opens a log counts it up, and an append is taken only under the present one, so that a
 * writer that was taken over can add nothing, however late its append arrives. Taking over is polite: a holder that lives is
 * refused (`HOMEOSTAT_STORAGE_LOCKED`), one on this machine that is gone is replaced at once, and one elsewhere when its `beat` did
 * not move for `leaseMs` by the opener's own clock. No two clocks are compared.
 */
import { HomeostatError, invalid } from '../../errors.js'
import * as check from '../../schema/checks.js'
import type { HeadRow, LogTable } from '../backend.js'
import type { LogEntry, LogInfo, LogQuery, LogRepository, LogVerification } from '../contract.js'
import { BrokenChain, checkChain } from './chain.js'
import { parseHolder, type Self } from './holder.js'
import { TRIM_STEP, Writer } from './writer.js'

const NAME = /^[A-Za-z0-9._:-]{1,128}$/
const PAGE = 1000
const EVENTS_MAX = 32
/** Attempts against others that open the same log. */
const ATTEMPTS = 8

export interface LogsParts {
  /** Start of the keys: `journal` or `study`. */
  readonly prefix: string
  readonly table: LogTable
  readonly self: Self
  readonly leaseMs: number
  /** Writers of this store, which are given back when it closes. */
  readonly writers: Map<string, Writer>
  isClosed(): boolean
  /** Removes what is kept of a log beside its entries. */
  forget?(name: string): Promise<void>
}

export class Logs implements LogRepository {
  readonly #parts: LogsParts

  constructor(parts: LogsParts) {
    this.#parts = parts
  }

  async open(name: string): Promise<Writer> {
    const { table, writers, leaseMs } = this.#parts
    const key = this.#key(name)
    if (writers.has(key)) throw locked(name, 'a writer of this store')
    // Held from now on, so that two calls at once do not both get it.
    const writer = new Writer({ name, key, table, leaseMs, closed: () => writers.delete(key) })
    writers.set(key, writer)
    try {
      await writer.begin(() => this.#claimed(name, key))
      if (this.#parts.isClosed()) throw closed()
      return writer
    } catch (error) {
      await writer.close()
      throw error
    }
  }

  /** The head of a log that is ours from now on. */
  async #claimed(name: string, key: string): Promise<HeadRow> {
    const { table, self } = this.#parts
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (this.#parts.isClosed()) throw closed()
      const row = await table.head(key)
      if (row?.holder != null) await this.#yielded(name, row)
      if (await table.claim(key, row?.epoch ?? null, JSON.stringify(self.holder))) {
        const head = await table.head(key)
        if (head !== undefined && head.epoch === (row?.epoch ?? 0) + 1) return head
      }
    }
    throw locked(name, 'others that open it at the same time')
  }

  /** Returns when the holder of a log is gone; throws `HOMEOSTAT_STORAGE_LOCKED` where it lives. */
  async #yielded(name: string, row: HeadRow): Promise<void> {
    const { table, self, leaseMs } = this.#parts
    const holder = parseHolder(row.holder as string)
    const alive = holder.id === self.holder.id ? false : self.isAlive(holder)
    if (alive === false) return
    const by = holder.pid === undefined ? 'another process' : `process ${holder.pid}`
    if (alive === true) throw locked(name, by)
    const steps = 10
    for (let i = 0; i < steps; i++) {
      await new Promise((resolve) => setTimeout(resolve, leaseMs / steps))
      if (this.#parts.isClosed()) throw closed()
      const now = await table.head(row.key)
      if (now?.holder == null) return
      if (now.epoch !== row.epoch || now.beat !== row.beat) throw locked(name, by)
    }
  }

  async info(name: string): Promise<LogInfo | undefined> {
    const row = await this.#parts.table.head(this.#key(name))
    return row === undefined ? undefined : this.#info(row)
  }

  async list(): Promise<LogInfo[]> {
    return (await this.#parts.table.heads(`${this.#parts.prefix}/`)).map((row) => this.#info(row))
  }

  async entries(name: string, query: LogQuery = {}): Promise<LogEntry[]> {
    const o = check.object('query', query) as LogQuery
    check.onlyKeys('query', o, ['from', 'before', 'events', 'limit', 'newestFirst'])
    const place = { min: 0, max: Number.MAX_SAFE_INTEGER, whole: true }
    if (o.events !== undefined && (!Array.isArray(o.events) || o.events.length > EVENTS_MAX)) {
      throw invalid('query.events', `a list of at most ${EVENTS_MAX} names`, o.events)
    }
    return this.#parts.table.entries(this.#key(name), {
      from: check.number('query.from', o.from, { ...place, fallback: 0 }),
      before: check.number('query.before', o.before, { ...place, fallback: Number.MAX_SAFE_INTEGER }),
      limit: check.number('query.limit', o.limit, { min: 1, max: 10_000, whole: true, fallback: PAGE }),
      newestFirst: check.boolean('query.newestFirst', o.newestFirst, false),
      ...(o.events === undefined ? {} : { events: o.events }),
    })
  }

  async *read(name: string, from = 0): AsyncGenerator<Uint8Array> {
    const encoder = new TextEncoder()
    for await (const page of this.#pages(name, from)) {
      yield encoder.encode(page.map(({ line }) => `${line}\n`).join(''))
    }
  }

  async verify(name: string): Promise<LogVerification> {
    const head = await this.#parts.table.head(this.#key(name))
    let entries = 0
    let last: string | null | undefined = head !== undefined && head.first > 0 ? null : undefined
    let expected = head?.first ?? 0
    try {
      for await (const page of this.#pages(name, 0)) {
        const [{ position: begins }] = page as [LogEntry]
        // The writer may trim meanwhile: what it removed since is no fault, and where the chain goes on is taken on trust.
        if (begins > expected && begins <= ((await this.#parts.table.head(this.#key(name)))?.first ?? 0)) {
          expected = begins
          last = null
        }
        for (const { position } of page) {
          if (position !== expected++) throw new BrokenChain(position, 'entries before it are missing')
        }
        await checkChain(page, last)
        entries += page.length
        last = /"([0-9a-f]{64})"\}$/.exec(page.at(-1)?.line ?? '')?.[1]
      }
      // Others may write meanwhile: more than the head said is no fault.
      if (head !== undefined && expected < head.next) {
        const now = await this.#parts.table.head(head.key)
        if (now !== undefined && Math.max(expected, now.first) < head.next)
          throw new BrokenChain(expected, 'entries at the end are missing')
      }
    } catch (error) {
      if (!(error instanceof HomeostatError) || !error.code.startsWith('HOMEOSTAT_JOURNAL_')) throw error
      const position = error instanceof BrokenChain ? error.position : expected
      return { ok: false, entries, firstBad: { position, code: error.code, reason: error.message } }
    }
    return { ok: true, entries }
  }

  async *#pages(name: string, from: number): AsyncGenerator<LogEntry[]> {
    const key = this.#key(name)
    const before = Number.MAX_SAFE_INTEGER
    for (let at = from; ; ) {
      const page = await this.#parts.table.entries(key, { from: at, before, limit: PAGE, newestFirst: false })
      if (page.length > 0) yield page
      if (page.length < PAGE) return
      at = (page.at(-1) as LogEntry).position + 1
    }
  }

  async trim(name: string, keep: number): Promise<{ entries: number; bytes: number }> {
    const head = await this.#parts.table.head(this.#key(name))
    check.number('keep', keep, { min: 0, max: Number.MAX_SAFE_INTEGER, whole: true })
    const total = { entries: 0, bytes: 0 }
    for (let first = head?.first ?? 0; head !== undefined && head.next - first > keep; ) {
      const step = await this.#parts.table.trim(head.key, head.next - keep, TRIM_STEP)
      total.entries += step.entries
      total.bytes += step.bytes
      first = step.first
    }
    return total
  }

  async remove(name: string): Promise<boolean> {
    const key = this.#key(name)
    if (this.#parts.writers.has(key)) throw locked(name, 'a writer of this store')
    const row = await this.#parts.table.head(key)
    if (row?.holder != null) await this.#yielded(name, row)
    if (row !== undefined) await this.#parts.table.release(key, row.epoch)
    const removed = row !== undefined && (await this.#parts.table.remove(key))
    // Also where a process was killed between the two; not where another one has taken the log meanwhile.
    if (removed || row === undefined) await this.#parts.forget?.(name)
    return removed
  }

  #info(row: HeadRow): LogInfo {
    return {
      name: row.key.slice(this.#parts.prefix.length + 1),
      next: row.next,
      first: row.first,
      bytes: row.bytes,
      hash: row.hash ?? undefined,
      event: row.event ?? undefined,
      held: row.holder !== null,
    }
  }

  #key(name: unknown): string {
    if (this.#parts.isClosed()) throw closed()
    if (typeof name !== 'string' || !NAME.test(name)) {
      throw invalid('name', '1 to 128 of A-Z a-z 0-9 . _ : -', name, 'HOMEOSTAT_INVALID_NAME')
    }
    return `${this.#parts.prefix}/${name}`
  }
}

export function closed(): HomeostatError {
  return new HomeostatError('HOMEOSTAT_CLOSED', 'the store was closed before this call')
}

function locked(name: string, by: string): HomeostatError {
  return new HomeostatError(
    'HOMEOSTAT_STORAGE_LOCKED',
    `the log ${name} is written by ${by}; give each process one of its own`,
    {
      option: 'name',
      received: name,
    },
  )
}
