/** What is particular to PostgreSQL: how it is opened, spelled, and what its errors mean. */
import { PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler, sql } from 'kysely'
import { HomeostatError } from '../../errors.js'
import * as check from '../../schema/checks.js'
import type { Backend } from '../backend.js'
import { noDriver, storageError, withoutSecrets, wrongUrl } from '../errors.js'
import { openSqlBackend } from '../sql/backend.js'
import type { Migration } from '../sql/migrations.js'
import type { Database } from '../sql/source.js'
import type { PostgresOptions } from './postgres.js'
import { PostgresSource } from './postgres-source.js'

/** `homeost` in bytes: what processes that migrate wait for each other by. */
const MIGRATION_LOCK = 0x686f6d65
/** The oldest whose makers still mend it, and that tests run on. */
const OLDEST = 15
const RANGE = 'a URL like postgres://user:password@host:5432/database'

/** @param migrations others than the package's own, for tests; so is `oldest`, the version that the server must have. */
export async function openPostgresBackend(
  url: string,
  options: PostgresOptions,
  migrations?: readonly Migration[],
  oldest = OLDEST,
): Promise<Backend> {
  const known = ['connections', 'connect', 'query', 'lease']
  check.onlyKeys('options', options, known)
  const address = checkUrl(url)
  const max = check.number('options.connections', options.connections, { min: 1, max: 100, whole: true, fallback: 4 })
  const connectMs = check.duration('options.connect', options.connect, { min: 100, max: 60_000, fallback: 5000 })
  const queryMs = check.duration('options.query', options.query, { min: 100, max: 600_000, fallback: 10_000 })
  const pg = await load()
  // Whole numbers of 64 bits come as text: none here is beyond 2^53.
  const types = {
    getTypeParser: (oid: number, format: never) => (oid === 20 ? Number : pg.types.getTypeParser(oid, format)),
  }
  const pool = new pg.Pool({
    connectionString: url,
    max,
    types: types as never,
    connectionTimeoutMillis: connectMs,
    statement_timeout: queryMs,
    lock_timeout: queryMs,
    // The server should be the first to give up, so that the connection stays usable.
    query_timeout: queryMs + 1000,
    idle_in_transaction_session_timeout: queryMs + 5000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    allowExitOnIdle: true,
    application_name: 'homeostat',
  })
  // A connection that breaks while nobody uses it: the next use opens another one.
  pool.on('error', () => {})
  return openSqlBackend(database(address, new PostgresSource(pool), oldest), migrations)
}

/** The URL for people. */
function checkUrl(url: unknown): string {
  const text = check.text('url', url)
  let parsed: URL
  try {
    parsed = new URL(text)
  } catch (cause) {
    throw wrongUrl('url', RANGE, text, cause)
  }
  if (!/^postgres(ql)?:$/.test(parsed.protocol)) throw wrongUrl('url', RANGE, text)
  if (parsed.pathname.length < 2) throw wrongUrl('url', `${RANGE}, with the name of a database`, text)
  return withoutSecrets(text)
}

async function load(): Promise<Pick<typeof import('pg'), 'Pool' | 'types'>> {
  try {
    const { default: pg } = await import('pg')
    return pg
  } catch (error) {
    throw noDriver('pg', error)
  }
}

function database(address: string, source: PostgresSource, oldest: number): Database {
  return {
    kind: 'postgres',
    source,
    text: sql`text collate "C"`,
    whole: sql`bigint`,
    adapter: () => new PostgresAdapter(),
    compiler: () => new PostgresQueryCompiler(),
    introspector: (db) => new PostgresIntrospector(db),
    check: async (db) => {
      const { rows } = await sql<{ version: string }>`select current_setting('server_version_num') as version`.execute(
        db,
      )
      checkVersion(address, Number(rows[0]?.version), oldest)
    },
    migrationLock: async (db) => {
      await sql`select pg_advisory_xact_lock(${sql.lit(MIGRATION_LOCK)})`.execute(db)
    },
    isMissingTable: (error) => (error as { code?: string })?.code === '42P01',
    translate: (error) => translate(`the database ${address}`, error),
  }
}

/** `number`: as PostgreSQL counts, 150004 for 15.4. */
export function checkVersion(address: string, number: number, oldest = OLDEST): void {
  const version = Math.floor(number / 10_000)
  if (version >= oldest) return
  throw new HomeostatError(
    'HOMEOSTAT_STORAGE_OLD',
    `the database ${address} is PostgreSQL ${version}.${number % 10_000} and ${oldest} or newer is needed: upgrade the server`,
    { option: 'url', range: `PostgreSQL ${oldest} or newer`, received: version },
  )
}

function translate(what: string, error: unknown): HomeostatError {
  const code = String((error as { code?: unknown })?.code ?? '')
  if (/^28|^42501/.test(code)) return storageError('CREDENTIALS', what, error)
  if (code === '3D000') return storageError('MISSING', what, error)
  if (code === '25006') return storageError('READ_ONLY', what, error)
  if (/^(53100|53200|53400)/.test(code)) return storageError('FULL', what, error)
  if (/^(XX001|XX002)/.test(code)) return storageError('CORRUPT', what, error)
  if (/^(55P03|57014|40001|40P01)/.test(code)) return storageError('BUSY', what, error)
  const spoken = /timeout|terminat|connect|ECONN|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EPIPE/i
  if (/^(08|53300|57P0)/.test(code) || spoken.test(`${code} ${(error as Error)?.message}`)) {
    return storageError('UNREACHABLE', what, error)
  }
  return storageError('IO', what, error)
}
