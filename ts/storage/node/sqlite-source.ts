/**
 * One connection to an SQLite file, used by one piece of work at a time.
 *
 * What may take long never holds up the event loop: waiting for another process, committing and checkpoints happen on a thread of
 * libsql's; rows go in and out in this thread, a millisecond's worth at a time.
 */
import type { Source, SourceConnection } from '../sql/source.js'

/** What is used of `libsql/promise`. */
export interface SqliteDatabase {
  exec(sql: string): Promise<unknown>
  prepare(sql: string): Promise<SqliteStatement>
  readonly inTransaction: boolean
  close(): void
}

interface SqliteStatement {
  readonly reader: boolean
  run(...parameters: unknown[]): Promise<{ changes: number }> | { changes: number }
  all(...parameters: unknown[]): Promise<unknown[]>
}

/** Statements that are kept prepared. */
const STATEMENTS = 64
/** Work in this thread before the event loop has a turn. */
const TURN_MS = 2

export class SqliteSource implements Source {
  readonly #db: SqliteDatabase
  readonly #busyMs: number
  readonly #statements = new Map<string, SqliteStatement>()
  #turn: Promise<void> = Promise.resolve()
  #closed = false

  constructor(db: SqliteDatabase, busyMs: number) {
    this.#db = db
    this.#busyMs = busyMs
  }

  async acquire(): Promise<SourceConnection> {
    const before = this.#turn
    let release = (): void => {}
    this.#turn = new Promise((resolve) => {
      release = resolve
    })
    await before
    if (this.#closed) {
      release()
      throw new Error('the database was closed')
    }
    return new SqliteConnection(this.#db, this.#statements, this.#busyMs, release)
  }

  async close(): Promise<void> {
    await this.#turn
    if (this.#closed) return
    this.#closed = true
    this.#statements.clear()
    // All in one file, where nobody else has it open: for whoever copies it.
    await this.#db.exec('pragma wal_checkpoint(truncate)').catch(() => {})
    this.#db.close()
  }
}

class SqliteConnection implements SourceConnection {
  readonly #db: SqliteDatabase
  readonly #statements: Map<string, SqliteStatement>
  readonly #busyMs: number
  readonly release: () => void
  #turnEnds = performance.now() + TURN_MS

  constructor(db: SqliteDatabase, statements: Map<string, SqliteStatement>, busyMs: number, release: () => void) {
    this.#db = db
    this.#statements = statements
    this.#busyMs = busyMs
    this.release = release
  }

  /**
   * Waits where the file is locked against readers, too: another process recovers it after a crash, or writes everything into one file as
   * it closes. Within a transaction nothing has to be waited for, and nothing could be.
   */
  async query(sql: string, parameters: readonly unknown[]): Promise<{ rows: unknown[]; changes: number }> {
    const once = async () => {
      const statement = await this.#prepared(sql)
      return statement.reader
        ? { rows: await statement.all(...parameters), changes: 0 }
        : { rows: [], changes: (await statement.run(...parameters)).changes }
    }
    const result = this.#db.inTransaction ? await once() : await whileBusy(this.#busyMs, once)
    if (performance.now() > this.#turnEnds) {
      await new Promise((resolve) => setImmediate(resolve))
      this.#turnEnds = performance.now() + TURN_MS
    }
    return result
  }

  /** Waits for who writes now, in steps that grow to 20 ms. */
  async begin(): Promise<void> {
    await whileBusy(this.#busyMs, () => this.#db.exec('begin immediate'))
  }

  async commit(): Promise<void> {
    await this.#db.exec('commit')
  }

  async rollback(): Promise<void> {
    // A full disk ends the transaction by itself.
    if (this.#db.inTransaction) await this.#db.exec('rollback')
  }

  async #prepared(sql: string): Promise<SqliteStatement> {
    const known = this.#statements.get(sql)
    if (known !== undefined) return known
    const statement = await this.#db.prepare(sql)
    if (this.#statements.size >= STATEMENTS) {
      const [oldest] = this.#statements.keys()
      this.#statements.delete(oldest as string)
    }
    this.#statements.set(sql, statement)
    return statement
  }
}

/** Repeats what finds the database locked, for at most `busyMs`. */
export async function whileBusy<T>(busyMs: number, work: () => Promise<T>): Promise<T> {
  const end = performance.now() + busyMs
  for (let waitMs = 1; ; waitMs = Math.min(20, waitMs * 2)) {
    try {
      return await work()
    } catch (error) {
      if (!isBusy(error) || performance.now() > end) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, waitMs))
  }
}

export function isBusy(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' && /^SQLITE_(BUSY|LOCKED)/.test(code)
}
