/** A store in a database: one set of queries for all of them. */
import { type Kysely, sql } from 'kysely'
import type { Backend } from '../backend.js'
import { SqlItems } from './items.js'
import { SqlLogs } from './logs.js'
import { migrate } from './migrate.js'
import type { Migration } from './migrations.js'
import type { Tables } from './schema.js'
import { connect, type Database } from './source.js'

/** How a piece of work with the database is done: failures in the store's own terms. */
export type Work = <T>(work: (db: Kysely<Tables>) => Promise<T>) => Promise<T>

/** Opens a database and brings it to the newest version. Closes it again where that fails. */
export async function openSqlBackend(database: Database, migrations?: readonly Migration[]): Promise<Backend> {
  const db = connect(database)
  const read: Work = async (work) => {
    try {
      return await work(db)
    } catch (error) {
      throw database.translate(error)
    }
  }
  const write: Work = (work) => read(() => db.transaction().execute(work))
  try {
    await read(async () => database.check?.(db))
    await read(() => migrate(db, database, migrations))
  } catch (error) {
    await db.destroy().catch(() => {})
    throw error
  }
  return {
    kind: database.kind,
    logs: new SqlLogs(read, write),
    items: new SqlItems(read, write),
    ping: () => read(async () => void (await sql`select 1`.execute(db))),
    close: () => db.destroy(),
  }
}
