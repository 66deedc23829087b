/**
 * Every version of the tables, in order; each builds on the one before and none is ever changed. One text for every database:
 * what they spell differently comes from {@link Database}.
 */
import type { Kysely } from 'kysely'
import type { Tables } from './schema.js'
import type { Database } from './source.js'

export interface Migration {
  readonly version: number
  readonly name: string
  up(db: Kysely<Tables>, database: Database): Promise<void>
}

export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    name: 'logs and items',
    up: async ({ schema }, { text, whole }) => {
      await schema
        .createTable('homeostat_logs')
        .addColumn('log', text as never, (c) => c.primaryKey())
        .addColumn('epoch', whole as never, (c) => c.notNull())
        .addColumn('beat', whole as never, (c) => c.notNull())
        .addColumn('holder', text as never)
        .addColumn('first_entry', whole as never, (c) => c.notNull())
        .addColumn('next_entry', whole as never, (c) => c.notNull())
        .addColumn('bytes', whole as never, (c) => c.notNull())
        .addColumn('hash', text as never)
        .addColumn('event', text as never)
        .execute()
      await schema
        .createTable('homeostat_entries')
        .addColumn('log', text as never, (c) => c.notNull())
        .addColumn('position', whole as never, (c) => c.notNull())
        .addColumn('event', text as never, (c) => c.notNull())
        .addColumn('line', text as never, (c) => c.notNull())
        .addPrimaryKeyConstraint('homeostat_entries_key', ['log', 'position'])
        .execute()
      await schema
        .createIndex('homeostat_entries_by_event')
        .on('homeostat_entries')
        .columns(['log', 'event', 'position'])
        .execute()
      await schema
        .createTable('homeostat_items')
        .addColumn('kind', text as never, (c) => c.notNull())
        .addColumn('scope', text as never, (c) => c.notNull())
        .addColumn('id', text as never, (c) => c.notNull())
        .addColumn('version', whole as never, (c) => c.notNull())
        .addColumn('updated_ms', whole as never, (c) => c.notNull())
        .addColumn('body', text as never, (c) => c.notNull())
        .addPrimaryKeyConstraint('homeostat_items_key', ['kind', 'scope', 'id'])
        .execute()
    },
  },
]
