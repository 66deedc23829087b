/** A database that another process keeps locked for a while. */
import { expect, test } from 'vitest'
import { type SqliteDatabase, SqliteSource } from '../../ts/storage/node/sqlite-source.js'

/** A driver that finds the file locked so often, at each of its steps. */
function locked(times: number, inTransaction = false) {
  const left = { prepare: times, all: times }
  const busy = (step: keyof typeof left): void => {
    if (left[step]-- > 0) throw Object.assign(new Error('database is locked'), { code: 'SQLITE_BUSY_RECOVERY' })
  }
  const db: SqliteDatabase = {
    inTransaction,
    exec: async () => {},
    close: () => {},
    prepare: async () => {
      busy('prepare')
      return {
        reader: true,
        run: () => ({ changes: 0 }),
        all: async () => {
          busy('all')
          return [{ n: 1 }]
        },
      }
    },
  }
  return db
}

test('a read waits, as a write does', async () => {
  const connection = await new SqliteSource(locked(3), 60_000).acquire()
  expect(await connection.query('select 1 as n', [])).toEqual({ rows: [{ n: 1 }], changes: 0 })
})

test('not for ever, and not where it was told not to', async () => {
  const connection = await new SqliteSource(locked(Number.POSITIVE_INFINITY), 20).acquire()
  await expect(connection.query('select 1', [])).rejects.toMatchObject({ code: 'SQLITE_BUSY_RECOVERY' })
})

test('within a transaction there is nothing to wait for', async () => {
  const connection = await new SqliteSource(locked(1, true), 60_000).acquire()
  await expect(connection.query('select 1', [])).rejects.toMatchObject({ code: 'SQLITE_BUSY_RECOVERY' })
})
