/**
 * Brings a database to the newest version, forward only, once: of processes that start together one migrates while the others
 * wait for its transaction. What a newer version made is refused, untouched.
 */
import type { Kysely } from 'kysely'
import { wallTimeMs } from '../../clock.js'
import { HomeostatError } from '../../errors.js'
import { MIGRATIONS, type Migration } from './migrations.js'
import type { Tables } from './schema.js'
import type { Database } from './source.js'

/** @returns how many migrations this call applied. */
export async function migrate(
  db: Kysely<Tables>,
  database: Database,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<number> {
  const newest = migrations.at(-1)?.version ?? 0
  // Nearly always: nothing to do, and no lock to wait for.
  if ((await present(db, database, newest)) === newest) return 0
  return db.transaction().execute(async (transaction) => {
    await database.migrationLock(transaction)
    await transaction.schema
      .createTable('homeostat_schema')
      .ifNotExists()
      .addColumn('version', database.whole as never, (c) => c.primaryKey())
      .addColumn('name', database.text as never, (c) => c.notNull())
      .addColumn('applied_ms', database.whole as never, (c) => c.notNull())
      .execute()
    const version = await present(transaction, database, newest)
    const due = migrations.filter((migration) => migration.version > version)
    for (const migration of due) {
      await migration.up(transaction, database)
      await transaction
        .insertInto('homeostat_schema')
        .values({ version: migration.version, name: migration.name, applied_ms: wallTimeMs() })
        .execute()
    }
    return due.length
  })
}

async function present(db: Kysely<Tables>, database: Database, newest: number): Promise<number> {
  try {
    const row = await db
      .selectFrom('homeostat_schema')
      .select((e) => e.fn.max('version').as('version'))
      .executeTakeFirst()
    const version = row?.version ?? 0
    if (version <= newest) return version
    throw new HomeostatError(
      'HOMEOSTAT_STORAGE_NEWER',
      `the database is at version ${version} and this package knows versions up to ${newest}: use the newer package`,
      { range: `0 to ${newest}`, received: version },
    )
  } catch (error) {
    if (database.isMissingTable(error)) return 0
    throw error
  }
}
