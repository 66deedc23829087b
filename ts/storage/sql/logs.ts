/** Logs in a database. */
import type { AppendBatch, EntryQuery, EntryRow, HeadRow, LogTable } from '../backend.js'
import type { Work } from './backend.js'
import { putItem } from './items.js'

/** Rows of one statement: a fraction of what databases take, and a millisecond of work for one in this process. */
const ROWS = 100
/** Entries that are removed in one transaction, so that no other waits long. */
const TRIM_STEP = 2000

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

  async trim(key: string, before: number): Promise<{ entries: number; bytes: number }> {
    const total = { entries: 0, bytes: 0 }
    for (;;) {
      const step = await this.#trimStep(key, before)
      total.entries += step.entries
      total.bytes += step.bytes
      if (step.done) return total
    }
  }

  #trimStep(key: string, before: number): Promise<{ entries: number; bytes: number; done: boolean }> {
    return this.#write(async (db) => {
      const head = await db.selectFrom('homeostat_logs').select('first_entry').where('log', '=', key).executeTakeFirst()
      if (head === undefined || head.first_entry >= before) return { entries: 0, bytes: 0, done: true }
      const to = Math.min(before, head.first_entry + TRIM_STEP)
      const gone = await db
        .deleteFrom('homeostat_entries')
        .where('log', '=', key)
        .where('position', '<', to)
        .returning('line')
        .execute()
      const encoder = new TextEncoder()
      const bytes = gone.reduce((sum, { line }) => sum + encoder.encode(line).length + 1, 0)
      await db
        .updateTable('homeostat_logs')
        .set((e) => ({ first_entry: to, bytes: e('bytes', '-', bytes) }))
        .where('log', '=', key)
        .execute()
      return { entries: gone.length, bytes, done: to >= before }
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
