/** Connections to PostgreSQL from a pool. One that failed is thrown away: what the server does with it is not known. */
import type { Pool, PoolClient } from 'pg'
import type { Source, SourceConnection } from '../sql/source.js'

export class PostgresSource implements Source {
  readonly #pool: Pool
  #closing: Promise<void> | undefined

  constructor(pool: Pool) {
    this.#pool = pool
  }

  async acquire(): Promise<SourceConnection> {
    return new PostgresConnection(await this.#pool.connect())
  }

  close(): Promise<void> {
    this.#closing ??= this.#pool.end()
    return this.#closing
  }
}

class PostgresConnection implements SourceConnection {
  readonly #client: PoolClient
  #broken: Error | undefined

  constructor(client: PoolClient) {
    this.#client = client
    client.on('error', this.#onError)
  }

  readonly #onError = (error: Error): void => {
    this.#broken = error
  }

  async query(sql: string, parameters: readonly unknown[]): Promise<{ rows: unknown[]; changes: number }> {
    try {
      const { rows, rowCount } = await this.#client.query(sql, [...parameters])
      return { rows, changes: rowCount ?? 0 }
    } catch (error) {
      if (isConnectionError(error)) this.#broken = error as Error
      throw error
    }
  }

  async begin(): Promise<void> {
    await this.query('begin', [])
  }

  async commit(): Promise<void> {
    await this.query('commit', [])
  }

  async rollback(): Promise<void> {
    // The server rolls back what its client left.
    if (this.#broken === undefined) await this.query('rollback', [])
  }

  release(): void {
    this.#client.off('error', this.#onError)
    this.#client.release(this.#broken ?? false)
  }
}

/** Whether the connection is at fault, and not what was asked over it. */
function isConnectionError(error: unknown): boolean {
  const code = (error as { code?: unknown })?.code
  if (typeof code !== 'string') return true
  // Classes of PostgreSQL: connection exceptions, no connection left, the server stops or starts.
  const fromServer = /^[0-9A-Z]{5}$/.test(code) && /\d/.test(code)
  return !fromServer || /^(08|53300|57P0)/.test(code)
}
