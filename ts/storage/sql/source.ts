/** What a database is to the queries: a source of connections. Kysely's dialect over it is the same for every database. */
import {
  type CompiledQuery,
  type DatabaseConnection,
  type DatabaseIntrospector,
  type Dialect,
  type DialectAdapter,
  type Driver,
  Kysely,
  type QueryCompiler,
  type QueryResult,
  type RawBuilder,
} from 'kysely'
import type { HomeostatError } from '../../errors.js'
import type { Tables } from './schema.js'

export interface Source {
  /** Waits for one that is free. */
  acquire(): Promise<SourceConnection>
  close(): Promise<void>
}

export interface SourceConnection {
  query(sql: string, parameters: readonly unknown[]): Promise<{ rows: unknown[]; changes: number }>
  /** Begins what may write, waiting for whoever writes now. */
  begin(): Promise<void>
  commit(): Promise<void>
  rollback(): Promise<void>
  release(): void
}

/** What differs between databases, besides their connections. */
export interface Database {
  readonly kind: string
  readonly source: Source
  /** Text that is ordered by its bytes. */
  readonly text: RawBuilder<unknown>
  /** Whole numbers up to 2^53. */
  readonly whole: RawBuilder<unknown>
  adapter(): DialectAdapter
  compiler(): QueryCompiler
  introspector(db: Kysely<unknown>): DatabaseIntrospector
  /** Throws where the server is none that is supported. */
  check?(db: Kysely<Tables>): Promise<void>
  /** Held until the transaction ends: one process migrates, the others wait. */
  migrationLock(db: Kysely<Tables>): Promise<void>
  isMissingTable(error: unknown): boolean
  translate(error: unknown): HomeostatError
}

export function connect(database: Database): Kysely<Tables> {
  const dialect: Dialect = {
    createAdapter: () => database.adapter(),
    createQueryCompiler: () => database.compiler(),
    createIntrospector: (db) => database.introspector(db),
    createDriver: () => new SourceDriver(database.source),
  }
  return new Kysely<Tables>({ dialect })
}

class SourceDriver implements Driver {
  readonly #source: Source

  constructor(source: Source) {
    this.#source = source
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<Connection> {
    return new Connection(await this.#source.acquire())
  }

  beginTransaction(connection: DatabaseConnection): Promise<void> {
    return (connection as Connection).source.begin()
  }

  commitTransaction(connection: DatabaseConnection): Promise<void> {
    return (connection as Connection).source.commit()
  }

  rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    return (connection as Connection).source.rollback()
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    ;(connection as Connection).source.release()
  }

  destroy(): Promise<void> {
    return this.#source.close()
  }
}

class Connection implements DatabaseConnection {
  readonly source: SourceConnection

  constructor(source: SourceConnection) {
    this.source = source
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const { rows, changes } = await this.source.query(sql, parameters)
    return { rows: rows as R[], numAffectedRows: BigInt(changes) }
  }

  // biome-ignore lint/correctness/useYield: the interface asks for it, nothing here streams.
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('queries are read in pages, not streamed')
  }
}
