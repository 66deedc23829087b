import { describe, expect, it } from 'vitest'
import type { Database } from './batches.js'
import { Catalog, type CatalogObserver } from './catalog.js'
import type { Row } from './rows.js'
import { LIBRARY_DEFAULTS, type Settings } from './settings.js'

/** A database with one version for all rows and a wait per query. */
class Rows implements Database {
  version = 0
  waitMs = 0
  readonly queries: number[][] = []
  active = 0
  mostActive = 0

  async read(ids: readonly number[]) {
    this.queries.push([...ids])
    this.mostActive = Math.max(this.mostActive, ++this.active)
    await new Promise((resolve) => setTimeout(resolve, this.waitMs))
    this.active--
    const rows: Row[] = ids
      .filter((id) => id <= 100)
      .map((id) => ({ id, version: this.version, name: `Item ${id}`, priceCents: id }))
    return { rows, readAtMs: now }
  }
}

let now = 0

function make(
  over: Partial<Settings> = {},
  options: { timeoutMs?: number; share?: number; observer?: CatalogObserver } = {},
) {
  const database = new Rows()
  const settings = { ttlMs: 1000, ...LIBRARY_DEFAULTS, ...over }
  const catalog = new Catalog(database, settings, {
    capacity: 100,
    timeoutMs: options.timeoutMs ?? 1000,
    revalidateShare: options.share ?? 0,
    now: () => now,
    ...(options.observer && { observer: options.observer }),
  })
  return { database, settings, catalog }
}

describe('the catalogue', () => {
  it('answers from the cache until the TTL has passed, and a shorter TTL counts at once', async () => {
    const { catalog, settings, database } = make()
    now = 0
    expect(await catalog.get(1)).toMatchObject({ status: 200, hit: false })
    now = 999
    expect(await catalog.get(1)).toMatchObject({ hit: true })
    settings.ttlMs = 500
    expect(await catalog.get(1)).toMatchObject({ hit: false })
    expect(database.queries).toHaveLength(2)
  })

  it('reads a key once however many ask for it, and keys of one tick together', async () => {
    const { catalog, database } = make()
    await Promise.all([1, 2, 1, 3, 1].map((id) => catalog.get(id)))
    expect(database.queries).toEqual([[1, 2, 3]])
  })

  it('keeps to batch size and in-flight limit, and to changes of both', async () => {
    const { catalog, database, settings } = make({ batchSize: 2, inFlight: 3 })
    database.waitMs = 5
    await Promise.all(Array.from({ length: 20 }, (_, i) => catalog.get(i + 1)))
    expect(database.queries.map((ids) => ids.length)).toEqual(Array(10).fill(2))
    expect(database.mostActive).toBe(3)
    settings.batchSize = 5
    settings.inFlight = 1
    database.mostActive = 0
    await Promise.all(Array.from({ length: 20 }, (_, i) => catalog.get(i + 41)))
    expect(database.queries.slice(10).map((ids) => ids.length)).toEqual(Array(4).fill(5))
    expect(database.mostActive).toBe(1)
  })

  it('lingers for more keys', async () => {
    const { catalog, database } = make({ lingerMs: 500 })
    const first = catalog.get(1)
    await new Promise((resolve) => setTimeout(resolve, 5))
    await Promise.all([first, catalog.get(2)])
    expect(database.queries).toEqual([[1, 2]])
  })

  it('answers 504 when the database takes too long, and still keeps the row', async () => {
    const { catalog, database } = make({}, { timeoutMs: 10 })
    database.waitMs = 40
    expect(await catalog.get(1)).toMatchObject({ status: 504 })
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect(await catalog.get(1)).toMatchObject({ status: 200, hit: true })
  })

  it('answers 404 for a row that does not exist', async () => {
    expect(await make().catalog.get(101)).toMatchObject({ status: 404, hit: false })
  })

  it('learns from sampled answers that they are stale, and leaves the cache as it is', async () => {
    const found: boolean[] = []
    const versions: number[] = []
    const observer = {
      compared: (stale: boolean) => found.push(stale),
      known: (row: Row) => versions.push(row.version),
    }
    const { catalog, database } = make({ ttlMs: 1e9 }, { share: 1, observer })
    await catalog.get(1)
    await catalog.get(1)
    await expect.poll(() => found).toHaveLength(2)
    database.version = 1
    expect((await catalog.get(1)).row?.version).toBe(0)
    await expect.poll(() => found).toHaveLength(3)
    expect((await catalog.get(1)).row?.version).toBe(0)
    catalog.close()
    expect(found).toEqual([false, false, true])
    expect(versions).toEqual([0, 0, 1])
  })
})
