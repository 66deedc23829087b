/** Items in a database. */
import type { Kysely } from 'kysely'
import type { ItemRow, ItemRowQuery, ItemTable } from '../backend.js'
import type { Work } from './backend.js'
import type { Tables } from './schema.js'

const COLUMNS = ['kind', 'scope', 'id', 'version', 'updated_ms as updatedMs', 'body'] as const

export class SqlItems implements ItemTable {
  readonly #read: Work
  readonly #write: Work

  constructor(read: Work, write: Work) {
    this.#read = read
    this.#write = write
  }

  get(kind: string, scope: string, id: string): Promise<ItemRow | undefined> {
    return this.#read((db) => one(db, kind, scope, id).select(COLUMNS).executeTakeFirst())
  }

  put(item: Omit<ItemRow, 'version'>, version: number | undefined): Promise<number | undefined> {
    return this.#write((db) => putItem(db, item, version))
  }

  remove(kind: string, scope: string, id: string, version: number | undefined): Promise<boolean> {
    return this.#write(async (db) => {
      let query = db
        .deleteFrom('homeostat_items')
        .where('kind', '=', kind)
        .where('scope', '=', scope)
        .where('id', '=', id)
      if (version !== undefined) query = query.where('version', '=', version)
      return (await query.executeTakeFirst()).numDeletedRows > 0n
    })
  }

  list({ kind, scope, prefix, after, limit }: ItemRowQuery): Promise<ItemRow[]> {
    return this.#read((db) => {
      let query = db.selectFrom('homeostat_items').select(COLUMNS).where('kind', '=', kind)
      if (scope !== undefined) query = query.where('scope', '=', scope)
      if (prefix !== undefined) {
        // The first bound is for the index.
        const length = [...prefix].length
        query = query
          .where('id', '>=', prefix)
          .where(({ fn, val, eb }) => eb(fn<string>('substr', ['id', val(1), val(length)]), '=', prefix))
      }
      if (after !== undefined) {
        query = query.where((e) =>
          e.or([e('scope', '>', after.scope), e.and([e('scope', '=', after.scope), e('id', '>', after.id)])]),
        )
      }
      return query.orderBy('scope').orderBy('id').limit(limit).execute()
    })
  }
}

const one = (db: Kysely<Tables>, kind: string, scope: string, id: string) =>
  db.selectFrom('homeostat_items').where('kind', '=', kind).where('scope', '=', scope).where('id', '=', id)

/** Keeps an item within a transaction; undefined where its version is another one. */
export async function putItem(
  db: Kysely<Tables>,
  { kind, scope, id, updatedMs, body }: Omit<ItemRow, 'version'>,
  version: number | undefined,
): Promise<number | undefined> {
  const insert = db
    .insertInto('homeostat_items')
    .values({ kind, scope, id, version: 1, updated_ms: updatedMs, body })
    .returning('version')
  if (version === 0) {
    const row = await insert.onConflict((c) => c.columns(['kind', 'scope', 'id']).doNothing()).executeTakeFirst()
    return row?.version
  }
  const newer = { updated_ms: updatedMs, body }
  if (version === undefined) {
    const row = await insert
      .onConflict((c) =>
        c
          .columns(['kind', 'scope', 'id'])
          .doUpdateSet((e) => ({ ...newer, version: e('homeostat_items.version', '+', 1) })),
      )
      .executeTakeFirst()
    return row?.version
  }
  const { numUpdatedRows } = await db
    .updateTable('homeostat_items')
    .set({ ...newer, version: version + 1 })
    .where('kind', '=', kind)
    .where('scope', '=', scope)
    .where('id', '=', id)
    .where('version', '=', version)
    .executeTakeFirst()
  return numUpdatedRows > 0n ? version + 1 : undefined
}
