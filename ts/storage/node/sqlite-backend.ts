/** What is particular to SQLite: how it is opened, spelled, and what its errors mean. */
import { mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler, sql } from 'kysely'
import type { HomeostatError } from '../../errors.js'
import * as check from '../../schema/checks.js'
import type { Backend } from '../backend.js'
import { noDriver, storageError } from '../errors.js'
import { openSqlBackend } from '../sql/backend.js'
import type { Migration } from '../sql/migrations.js'
import type { Database } from '../sql/source.js'
import type { SqliteOptions } from './sqlite.js'
import { isBusy, type SqliteDatabase, SqliteSource, whileBusy } from './sqlite-source.js'

/** What is used of `libsql/promise`, which is loaded when the first file is opened. */
type Constructor = new (path: string, options: { timeout: number }) => SqliteDatabase

/** @param migrations others than the package's own, for tests. */
export async function openSqliteBackend(
  path: string,
  options: SqliteOptions,
  migrations?: readonly Migration[],
): Promise<Backend> {
  check.onlyKeys('options', options, ['sync', 'busy', 'lease'])
  const file = resolve(check.text('path', path))
  const sync = check.oneOf('options.sync', options.sync, ['normal', 'full'], 'normal')
  const busyMs = check.duration('options.busy', options.busy, { min: 0, max: 60_000, fallback: 10_000 })
  const connection = await open(file, sync, busyMs)
  return openSqlBackend(database(file, connection, busyMs), migrations)
}

async function open(file: string, sync: string, busyMs: number): Promise<SqliteDatabase> {
  const Sqlite = await load()
  let db: SqliteDatabase | undefined
  try {
    mkdirSync(dirname(file), { recursive: true })
    const opened = new Sqlite(file, { timeout: 0 })
    db = opened
    // The first to come turns the file to its journal of changes; others find it locked meanwhile.
    const settings = `pragma journal_mode = wal; pragma synchronous = ${sync}; pragma journal_size_limit = 16777216`
    await whileBusy(busyMs, () => opened.exec(settings))
    return db
  } catch (error) {
    db?.close()
    throw translate(file, error)
  }
}

async function load(): Promise<Constructor> {
  try {
    const { default: Sqlite } = await import('libsql/promise')
    return Sqlite as unknown as Constructor
  } catch (error) {
    throw noDriver('libsql', error)
  }
}

function database(file: string, connection: SqliteDatabase, busyMs: number): Database {
  return {
    kind: 'sqlite',
    source: new SqliteSource(connection, busyMs),
    text: sql`text`,
    whole: sql`integer`,
    adapter: () => new SqliteAdapter(),
    compiler: () => new SqliteQueryCompiler(),
    introspector: (db) => new SqliteIntrospector(db),
    // Whoever begins to write has the lock already.
    migrationLock: async () => {},
    isMissingTable: (error) => /no such table/.test(String((error as Error)?.message)),
    translate: (error) => translate(file, error),
  }
}

/** SQLite's codes, and the numbers by which libsql reports a file that it cannot open. */
function translate(file: string, error: unknown): HomeostatError {
  const what = `the database ${file}`
  const { code, message } = error as { code?: string; message?: string }
  const name = code ?? ''
  if (isBusy(error)) return storageError('BUSY', what, error)
  if (/^SQLITE_FULL|ENOSPC|EDQUOT/.test(name)) return storageError('FULL', what, error)
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(name)) return storageError('CORRUPT', what, error)
  if (/^SQLITE_(READONLY|CANTOPEN|PERM)|EACCES|EROFS|EPERM|EEXIST|ENOTDIR/.test(name))
    return storageError('READ_ONLY', what, error)
  if (/Unable to open connection.*: 14/.test(String(message))) return storageError('READ_ONLY', what, error)
  return storageError('IO', what, error)
}
