/** Processes that start at once on an empty database; migrations that come later. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { sql } from 'kysely'
import pg from 'pg'
import { expect, test } from 'vitest'
import { checkVersion, openPostgresBackend } from '../../ts/storage/node/postgres-backend.js'
import { openSqliteBackend } from '../../ts/storage/node/sqlite-backend.js'
import { MIGRATIONS, type Migration } from '../../ts/storage/sql/migrations.js'
import { PROGRAMS } from './support/setup.js'
import { noPostgres, PERSISTENT, SUBJECTS } from './support/stores.js'

const run = promisify(execFile)
const PROCESSES = 10

test.for(PERSISTENT)('ten processes at once: %s', async ([kind, missing], { skip }) => {
  if (missing !== undefined) skip(missing)
  const subject = await SUBJECTS[kind]()
  const at = `${Date.now() + 1500}`
  const args = [join(PROGRAMS, 'starter.mjs'), subject.url ?? '', at]
  const runs = await Promise.all(Array.from({ length: PROCESSES }, () => run(process.execPath, args)))
  expect(runs.map(({ stderr }) => stderr)).toEqual(Array(PROCESSES).fill(''))
  const storage = await subject.open()
  expect(await storage.kernels.list({ scope: 'starter' })).toHaveLength(PROCESSES)
  expect((await storage.journals.list()).map(({ held }) => held)).toEqual(Array(PROCESSES).fill(false))
  await storage.close()
  subject.remove()
})

test('a PostgreSQL that is too old is refused before anything is made in it', async ({ skip }) => {
  if (noPostgres !== undefined) skip(noPostgres)
  const { url = '' } = await SUBJECTS.postgres()
  const old = { code: 'HOMEOSTAT_STORAGE_OLD', option: 'url', range: 'PostgreSQL 99 or newer' }
  await expect(openPostgresBackend(url, {}, undefined, 99)).rejects.toMatchObject(old)
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query("select 1 from information_schema.tables where table_name like 'homeostat%'")
  await client.end()
  expect(rows).toEqual([])
  await (await openPostgresBackend(url, {})).close()
  expect(() => checkVersion('db', 140_011)).toThrow('PostgreSQL 14.11 and 15 or newer is needed')
  expect(() => checkVersion('db', 150_000)).not.toThrow()
  expect(() => checkVersion('db', Number.NaN)).toThrow(/15 or newer/)
})

test.for(PERSISTENT)('a later migration keeps what is there: %s', async ([kind, missing], { skip }) => {
  if (missing !== undefined) skip(missing)
  const subject = await SUBJECTS[kind]()
  const storage = await subject.open()
  await storage.regimes.put('a', 'b', { features: [1], values: {}, objective: 2, windows: 3 })
  await storage.close()
  let applied = 0
  const later = (version: number, work: () => Promise<void>): Migration => ({
    version,
    name: 'later',
    up: async (db) => {
      applied++
      await sql`alter table homeostat_items add column note text`.execute(db)
      await work()
    },
  })
  const [url = ''] = [subject.url]
  const open = (migrations: readonly Migration[]) =>
    kind === 'sqlite' ? openSqliteBackend(url.slice(7), {}, migrations) : openPostgresBackend(url, {}, migrations)
  const failing = later(2, async () => {
    throw new Error('half way')
  })
  await expect(open([...MIGRATIONS, failing])).rejects.toThrow('half way')
  const good = [...MIGRATIONS, later(2, async () => {})]
  // What failed left nothing behind, the column included.
  await (await open(good)).close()
  await (await open(good)).close()
  expect(applied).toBe(2)
  await expect(subject.open()).rejects.toMatchObject({ code: 'HOMEOSTAT_STORAGE_NEWER' })
  const backend = await open(good)
  expect(await backend.items.get('regime', 'a', 'b')).toMatchObject({ version: 1 })
  await backend.close()
  subject.remove()
})
