/** What goes wrong has a code, says what to look at without a secret in it, and leaves what was stored as it was. */
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, describe, expect, inject, onTestFinished, test, vi } from 'vitest'
import { journal } from '../../ts/storage/conformance/support.js'
import {
  openArtifacts,
  openFileArtifacts,
  openPostgres,
  openS3Artifacts,
  openSqlite,
  openStorage,
} from '../../ts/storage/node/index.js'
import { emptyDatabase, freePort, LOCKED } from './support/postgres.js'
import { BUCKET, CREDENTIALS } from './support/s3.js'
import { noPostgres, temporary } from './support/stores.js'

const code = (name: string) => expect.objectContaining({ code: `HOMEOSTAT_STORAGE_${name}` })

function folder(): string {
  const path = temporary()
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** Works as a user who is not allowed everything. */
async function unprivileged<T>(work: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return work()
  process.seteuid?.('nobody')
  try {
    return await work()
  } finally {
    process.seteuid?.(0)
  }
}

async function sql(url: string, text: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await client.query(text)
  } finally {
    await client.end()
  }
}

test.each([
  ['storage', () => openStorage('mysql://user:secret@host/db')],
  ['no URL', () => openStorage('state.db')],
  ['no file', () => openStorage('sqlite:')],
  ['a file elsewhere', () => openStorage('file://host/x.db')],
  ['no database', () => openStorage('postgres://user:secret@host')],
  ['a port that is none', () => openPostgres('postgres://user:secret@host:port/db')],
  ['another database', () => openPostgres('http://user:secret@host/db')],
  ['artifacts', () => openArtifacts('ftp://user:secret@host/x')],
  ['no bucket', () => openArtifacts('s3:///prefix')],
  ['an option of a bucket', () => openArtifacts('s3://bucket/?secret=secret')],
  ['a bucket that is none', () => openS3Artifacts({ bucket: 'A', credentials: CREDENTIALS })],
  ['an endpoint', () => openS3Artifacts({ bucket: 'abc', endpoint: 'secret', credentials: CREDENTIALS })],
])('a URL that is none: %s', async (what, open) => {
  const error = await open().catch((thrown) => thrown)
  expect(error).toEqual(code('URL'))
  if (what !== 'an endpoint') expect(error.message).not.toContain('secret')
})

describe('unreachable', () => {
  test('a port that nobody listens to', async () => {
    const port = await freePort()
    await expect(openPostgres(`postgres://me:secret@127.0.0.1:${port}/x`)).rejects.toEqual(code('UNREACHABLE'))
    const s3 = { bucket: BUCKET, endpoint: `http://127.0.0.1:${port}`, credentials: CREDENTIALS, retries: 1 }
    await expect(openS3Artifacts(s3)).rejects.toEqual(code('UNREACHABLE'))
    const error = await openPostgres(`postgres://me:secret@127.0.0.1:${port}/x`).catch((thrown) => thrown)
    expect(error.message).toContain(`127.0.0.1:${port}`)
    expect(error.message).not.toContain('secret')
  })

  test('a server that takes connections and says nothing', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as { port: number }
    const start = performance.now()
    const url = `postgres://me@127.0.0.1:${port}/x`
    await expect(openPostgres(url, { connect: 300 })).rejects.toEqual(code('UNREACHABLE'))
    const s3 = {
      bucket: BUCKET,
      endpoint: `http://127.0.0.1:${port}`,
      credentials: CREDENTIALS,
      retries: 0,
      timeout: 300,
    }
    await expect(openS3Artifacts(s3)).rejects.toEqual(code('UNREACHABLE'))
    expect(performance.now() - start).toBeLessThan(50_000)
  })
})

describe('PostgreSQL', () => {
  const server = (): string => (inject('postgres') as { url: string }).url
  const named = (change: (url: URL) => void): string => {
    const url = new URL(server())
    change(url)
    return url.href
  }

  test('a user that is none, a wrong password', async ({ skip }) => {
    if (noPostgres !== undefined) skip(noPostgres)
    const nobody = named((url) => {
      url.username = 'stranger'
    })
    await expect(openPostgres(nobody)).rejects.toEqual(code('CREDENTIALS'))
    await sql(server(), `create role ${LOCKED} login password '${LOCKED}'`)
    const wrong = named((url) => {
      url.username = LOCKED
      url.password = 'secret'
    })
    const error = await openPostgres(wrong).catch((thrown) => thrown)
    expect(error).toEqual(code('CREDENTIALS'))
    expect(error.message).not.toContain('secret')
  })

  test('a database that is none', async ({ skip }) => {
    if (noPostgres !== undefined) skip(noPostgres)
    const url = named((it) => {
      it.pathname = '/nowhere'
    })
    await expect(openPostgres(url)).rejects.toEqual(code('MISSING'))
  })

  test('a schema of a newer version, which stays as it is', async ({ skip }) => {
    if (noPostgres !== undefined) skip(noPostgres)
    const url = await emptyDatabase(server())
    await (await openPostgres(url)).close()
    await sql(url, "insert into homeostat_schema values (99, 'of the future', 0)")
    await expect(openPostgres(url)).rejects.toEqual(code('NEWER'))
    const { rows } = await sql(url, 'select max(version)::int as version from homeostat_schema')
    expect(rows).toEqual([{ version: 99 }])
  })

  test('a database that is only read, by those who may not write', async ({ skip }) => {
    if (noPostgres !== undefined) skip(noPostgres)
    const url = await emptyDatabase(server())
    const first = await openPostgres(url)
    const writer = await first.journals.open('log')
    await writer.append((await journal(3)).text)
    await writer.close()
    await first.close()
    await sql(url, `alter database ${new URL(url).pathname.slice(1)} set default_transaction_read_only = on`)
    const storage = await openPostgres(url)
    await expect(storage.journals.open('log')).rejects.toEqual(code('READ_ONLY'))
    await expect(storage.kernels.remove('a', 'b')).rejects.toEqual(code('READ_ONLY'))
    expect(await storage.journals.verify('log')).toEqual({ ok: true, entries: 3 })
    await storage.close()
    await expect(openPostgres(await readOnlyEmpty())).rejects.toEqual(code('READ_ONLY'))
  })

  async function readOnlyEmpty(): Promise<string> {
    const url = await emptyDatabase(server())
    await sql(url, `alter database ${new URL(url).pathname.slice(1)} set default_transaction_read_only = on`)
    return url
  }

  test('a table that is locked for too long', async ({ skip }) => {
    if (noPostgres !== undefined) skip(noPostgres)
    const url = await emptyDatabase(server())
    await (await openPostgres(url)).close()
    const storage = await openPostgres(url, { query: 2000 })
    const blocker = new pg.Client({ connectionString: url })
    await blocker.connect()
    await blocker.query('begin; lock table homeostat_items in exclusive mode')
    const put = () => storage.regimes.put('a', 'b', { features: [], values: {}, objective: 1, windows: 1 })
    await expect(put()).rejects.toEqual(code('BUSY'))
    await blocker.query('rollback')
    await blocker.end()
    expect(await put()).toBe(1)
    await storage.close()
  })
})

describe('SQLite', () => {
  async function filled(path: string): Promise<string> {
    const file = join(path, 'store.db')
    const storage = await openSqlite(file)
    const writer = await storage.journals.open('log')
    await writer.append((await journal(2000)).text)
    await storage.close()
    return file
  }

  test('a schema of a newer version, which stays as it is', async () => {
    const file = await filled(folder())
    const { default: Database } = await import('libsql')
    const insert = (): unknown => {
      const db = new Database(file, {})
      const found = db.prepare('select max(version) as version from homeostat_schema').get() as { version: number }
      if (found.version < 99) db.exec("insert into homeostat_schema values (99, 'of the future', 0)")
      db.close()
      return found.version
    }
    insert()
    await expect(openSqlite(file)).rejects.toEqual(code('NEWER'))
    expect(insert()).toBe(99)
  })

  test('a folder that cannot be written to', async () => {
    const path = folder()
    mkdirSync(join(path, 'closed'))
    chmodSync(path, 0o755)
    chmodSync(join(path, 'closed'), 0o555)
    await import('libsql/promise')
    await unprivileged(async () => {
      await expect(openSqlite(join(path, 'closed', 'store.db'))).rejects.toEqual(code('READ_ONLY'))
      await expect(openSqlite(join(path, 'closed', 'below', 'store.db'))).rejects.toEqual(code('READ_ONLY'))
      await expect(openFileArtifacts(join(path, 'closed', 'blobs'))).rejects.toEqual(code('READ_ONLY'))
    })
  })

  test('a file in the place of a folder', async () => {
    const path = folder()
    writeFileSync(join(path, 'file'), '')
    await expect(openSqlite(join(path, 'file', 'store.db'))).rejects.toEqual(code('READ_ONLY'))
    await expect(openFileArtifacts(join(path, 'file'))).rejects.toEqual(code('READ_ONLY'))
  })

  test('a file that is no database, which stays as it is', async () => {
    const file = join(folder(), 'store.db')
    const text = 'these are my notes\n'.repeat(1000)
    writeFileSync(file, text)
    await expect(openSqlite(file)).rejects.toEqual(code('CORRUPT'))
    expect(readFileSync(file, 'utf8')).toBe(text)
  })

  test('a damaged database', async () => {
    const file = await filled(folder())
    const handle = openSync(file, 'r+')
    // From the third page on: the tables are known, what is in them is not.
    const junk = Buffer.alloc(300_000, 0xa5)
    writeSync(handle, junk, 0, junk.length, 3 * 4096)
    const work = async (): Promise<unknown> => {
      const storage = await openSqlite(file)
      try {
        return await storage.journals.verify('log')
      } finally {
        await storage.close()
      }
    }
    await expect(work()).rejects.toEqual(code('CORRUPT'))
  })

  test('an edited entry is found, at its place', async () => {
    const file = await filled(folder())
    const { default: Database } = await import('libsql')
    const db = new Database(file, {})
    db.exec("update homeostat_entries set line = replace(line, 'entry 1234', 'entry 4321')")
    db.close()
    const storage = await openSqlite(file)
    const { ok, firstBad } = await storage.journals.verify('log')
    expect({ ok, firstBad }).toMatchObject({
      ok: false,
      firstBad: { position: 1234, code: 'HOMEOSTAT_JOURNAL_BROKEN' },
    })
    await storage.close()
  })

  test('removed entries are found, in the middle and at the end', async () => {
    const file = await filled(folder())
    const { default: Database } = await import('libsql')
    for (const [position, entries] of [
      [1999, 1999],
      [700, 0],
    ] as const) {
      const db = new Database(file, {})
      db.exec(`delete from homeostat_entries where position = ${position}`)
      db.close()
      const storage = await openSqlite(file)
      const found = await storage.journals.verify('log')
      expect(found).toMatchObject({ ok: false, firstBad: { code: 'HOMEOSTAT_JOURNAL_BROKEN' } })
      expect(found.entries).toBeLessThanOrEqual(entries)
      await storage.close()
    }
  })

  test('another process that does not let go', async () => {
    const file = await filled(folder())
    const storage = await openSqlite(file, { busy: 200 })
    const { default: Database } = await import('libsql')
    const db = new Database(file, {})
    db.exec('begin immediate')
    await expect(storage.journals.open('log')).rejects.toEqual(code('BUSY'))
    // Who only reads does not wait.
    expect((await storage.journals.info('log'))?.next).toBe(2000)
    db.exec('rollback')
    db.close()
    await (await storage.journals.open('log')).close()
    await storage.close()
  })
})

test('a full disk: what was kept stays, and it goes on when there is room', async ({ skip }) => {
  const path = folder()
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1500k', 'tmpfs', path], { stdio: 'pipe' })
  } catch {
    skip('a small file system cannot be mounted here: it takes root and the right to mount')
  }
  onTestFinished(() => void execFileSync('umount', ['-l', path], { stdio: 'pipe' }))
  const storage = await openSqlite(join(path, 'store.db'))
  const artifacts = await openFileArtifacts(join(path, 'blobs'))
  const writer = await storage.journals.open('log')
  const lines = (await journal(5000)).text.split(/(?<=\n)/)
  let kept = 0
  const fill = async (): Promise<void> => {
    for (; kept < 50; kept++) await writer.append(lines.slice(kept * 100, kept * 100 + 100).join(''))
  }
  writeFileSync(join(path, 'ballast'), Buffer.alloc(900_000))
  await expect(fill()).rejects.toEqual(code('FULL'))
  await expect(artifacts.put(new Uint8Array(1_000_000))).rejects.toEqual(code('FULL'))
  expect(await storage.journals.verify('log')).toEqual({ ok: true, entries: kept * 100 })
  expect(kept).toBeLessThan(50)
  rmSync(join(path, 'ballast'))
  await writer.append(lines.slice(kept * 100, kept * 100 + 100).join(''))
  expect(await storage.journals.verify('log')).toEqual({ ok: true, entries: kept * 100 + 100 })
  const listed: string[] = []
  for await (const digest of artifacts.list()) listed.push(digest)
  expect(listed).toEqual([])
  await storage.close()
})

describe('artifacts', () => {
  test('a bucket that is none, credentials that are none', async () => {
    const at = { endpoint: inject('s3'), credentials: CREDENTIALS }
    await expect(openS3Artifacts({ ...at, bucket: 'nowhere' })).rejects.toEqual(code('MISSING'))
    const stranger = { ...CREDENTIALS, accessKeyId: 'stranger' }
    await expect(openS3Artifacts({ ...at, bucket: BUCKET, credentials: stranger })).rejects.toEqual(code('CREDENTIALS'))
    const wrong = { ...CREDENTIALS, secretAccessKey: 'secret' }
    const error = await openS3Artifacts({ ...at, bucket: BUCKET, credentials: wrong }).catch((thrown) => thrown)
    expect(error).toEqual(code('CREDENTIALS'))
    expect(error.message).not.toContain('secret')
  })

  test('damaged bytes are told, and mended by who has them', async () => {
    const path = folder()
    const store = await openFileArtifacts(path)
    const bytes = new Uint8Array([1, 2, 3])
    const digest = await store.put(bytes)
    writeFileSync(join(path, digest.slice(0, 2), digest), 'xyz')
    await expect(store.get(digest)).rejects.toEqual(code('CORRUPT'))
    await store.put(bytes)
    expect(await store.get(digest)).toEqual(bytes)
  })
})

describe('a package that is not installed', () => {
  afterEach(() => {
    vi.doUnmock('libsql/promise')
    vi.doUnmock('pg')
    vi.resetModules()
  })
  test.each([
    ['libsql/promise', 'sqlite:x.db'],
    ['pg', 'postgres://host/db'],
  ])('%s', async (name, url) => {
    vi.resetModules()
    vi.doMock(name, () => {
      throw new Error('not found')
    })
    const { openStorage: open } = await import('../../ts/storage/node/index.js')
    await expect(open(url)).rejects.toEqual(code('DRIVER'))
  })
})
