/** Logs in a database. */
import { sql } from 'kysely'
import type { AppendBatch, EntryQuery, EntryRow, HeadRow, LogTable, Trimmed } from '../backend.js'
import type { Work } from './backend.js'
import { putItem } from './items.js'

/** Rows of one statement: a fraction of what databases take, and a millisecond of work for one in this process. */
const ROWS = 100

const COLUMNS = ['log as key', 'epoch', 'beat', 'holder', 'first_entry as first', 'next_entry as next', 'bytes', 'hash', 'event'] as const // biome-ignore format: one line

export class SqlLogs implements LogTable {
  readonly #read: Work
  readonly #write: Work

  constructor(read: Work, write: Work) {
    this.#read = read
    this.#write = write
  }

  head(key: string): Promise<HeadRow | undefined> {
    return this.#read((db) => db.selectFrom('homeostat_logs').select(COLUMNS).where('log', '=', key).executeTakeFirst())
  }

  heads(prefix: string): Promise<HeadRow[]> {
    return this.#read((db) =>
      db
        .selectFrom('homeostat_logs')
        .select(COLUMNS)
        .where('log', '>=', prefix)
        // Keys are ASCII, and their prefixes end in a slash.
        .where('log', '<', `${prefix.slice(0, -1)}0`)
        .orderBy('log')
        .execute(),
    )
  }

  claim(log: string, epoch: number | null, holder: string): Promise<boolean> {
    return this.#write(async (db) => {
      if (epoch !== null) {
        const update = db.updateTable('homeostat_logs').set({ epoch: epoch + 1, holder })
        const { numUpdatedRows } = await update.where('log', '=', log).where('epoch', '=', epoch).executeTakeFirst()
        return numUpdatedRows > 0n
      }
      const empty = { beat: 0, first_entry: 0, next_entry: 0, bytes: 0, hash: null, event: null }
      const row = await db
        .insertInto('homeostat_logs')
        .values({ log, epoch: 1, holder, ...empty })
        .onConflict((c) => c.column('log').doNothing())
        .returning('epoch')
        .executeTakeFirst()
      return row !== undefined
    })
  }

  beat(log: string, epoch: number): Promise<boolean> {
    return this.#write(async (db) => {
      const { numUpdatedRows } = await db
        .updateTable('homeostat_logs')
        .set((e) => ({ beat: e('beat', '+', 1) }))
        .where('log', '=', log)
        .where('epoch', '=', epoch)
        .executeTakeFirst()
      return numUpdatedRows > 0n
    })
  }

  release(log: string, epoch: number): Promise<void> {
    return this.#write(async (db) => {
      const update = db.updateTable('homeostat_logs').set({ holder: null })
      await update.where('log', '=', log).where('epoch', '=', epoch).execute()
    })
  }

  append({ key, epoch, from, rows, bytes, hash, item }: AppendBatch): Promise<boolean> {
    return this.#write(async (db) => {
      // The head first: it is what two writers would meet at.
      const { numUpdatedRows } = await db
        .updateTable('homeostat_logs')
        .set((e) => ({
          next_entry: from + rows.length,
          bytes: e('bytes', '+', bytes),
          beat: e('beat', '+', 1),
          hash,
          event: rows.at(-1)?.event ?? null,
        }))
        .where('log', '=', key)
        .where('epoch', '=', epoch)
        .where('next_entry', '=', from)
        .executeTakeFirst()
      if (numUpdatedRows === 0n) return false
      for (let at = 0; at < rows.length; at += ROWS) {
        const values = rows.slice(at, at + ROWS).map((row) => ({ log: key, ...row }))
        await db.insertInto('homeostat_entries').values(values).execute()
      }
      if (item !== undefined) await putItem(db, item, undefined)
      return true
    })
  }

  entries(key: string, { from, before, events, limit, newestFirst }: EntryQuery): Promise<EntryRow[]> {
    return this.#read((db) => {
      let query = db
        .selectFrom('homeostat_entries')
        .select(['position', 'event', 'line'])
        .where('log', '=', key)
        .where('position', '>=', from)
        .where('position', '<', before)
      if (events !== undefined) {
        if (events.length === 0) return Promise.resolve([])
        query = query.where('event', 'in', [...events])
      }
      return query
        .orderBy('position', newestFirst ? 'desc' : 'asc')
        .limit(limit)
        .execute()
    })
  }

  trim(key: string, before: number, most: number): Promise<Trimmed> {
    return this.#write(async (db) => {
      // The head first, as in an append: of two that trim at once the second sees what the first one did.
      const head = await db
        .updateTable('homeostat_logs')
        .set((e) => ({ first_entry: e.ref('first_entry') }))
        .where('log', '=', key)
        .returning('first_entry as first')
        .executeTakeFirst()
      if (head === undefined) return { entries: 0, bytes: 0, first: before }
      const first = Math.min(before, head.first + most)
      if (first <= head.first) return { entries: 0, bytes: 0, first: head.first }
      const size = sql<number | null>`sum(octet_length(line) + 1)`
      const gone = await db
        .selectFrom('homeostat_entries')
        .select((e) => [e.fn.countAll<number>().as('entries'), size.as('bytes')])
        .where('log', '=', key)
        .where('position', '<', first)
        .executeTakeFirstOrThrow()
      const bytes = gone.bytes ?? 0
      await db.deleteFrom('homeostat_entries').where('log', '=', key).where('position', '<', first).execute()
      await db
        .updateTable('homeostat_logs')
        .set((e) => ({ first_entry: first, bytes: e('bytes', '-', bytes) }))
        .where('log', '=', key)
        .execute()
      return { entries: gone.entries, bytes, first }
    })
  }

  remove(key: string): Promise<boolean> {
    return this.#write(async (db) => {
      const { numDeletedRows } = await db
        .deleteFrom('homeostat_logs')
        .where('log', '=', key)
        .where('holder', 'is', null)
        .executeTakeFirst()
      if (numDeletedRows === 0n) return false
      await db.deleteFrom('homeostat_entries').where('log', '=', key).execute()
      return true
    })
  }
}
