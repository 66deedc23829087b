/**
 * `kill -9` at random moments: nothing that was acknowledged is lost, nothing is unreadable, every chain is whole, and the next process
 * goes on at once. 20 rounds here, 500 by `npm run soak`; each round is one process that writes to every persistent store.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, inject, test } from 'vitest'
import { type ArtifactStore, openArtifacts, openStorage, type Storage } from '../../ts/storage/node/index.js'
import { BUCKET, CREDENTIALS } from './support/s3.js'
import { PROGRAMS } from './support/setup.js'
import { PERSISTENT, SUBJECTS, temporary } from './support/stores.js'

const ROUNDS = Number(process.env.HOMEOSTAT_SOAK_ROUNDS ?? 20)
/** A process is killed at most so long after the moment that its round counts from. */
const ALIVE_MS = 120
const LOG = 'victim'
/** Entries that stay from one check of the whole chain to the next. */
const KEPT = 2000

const folder = temporary()
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What a process is told to write to. */
interface Task {
  readonly stores: readonly string[]
  readonly artifacts: readonly string[]
  readonly log: string
}

/** What a process said was kept. */
interface Said {
  readonly logs: Map<number, { next: number; hash: string }>
  readonly items: Map<number, number>
  readonly blobs: Map<number, Set<string>>
}

/**
 * One process, killed at a random moment: in every other round counted from where it begins to write, else from where every part of
 * it had something acknowledged, which a slow machine may never see otherwise.
 */
async function killedRound(task: Task, said: Said, from: 'start' | 'acknowledged'): Promise<void> {
  const parts = task.stores.length + task.artifacts.length
  // A store acknowledges entries and items.
  const kinds = 2 * task.stores.length + task.artifacts.length
  const env = {
    ...process.env,
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
  }
  const child = spawn(process.execPath, [join(PROGRAMS, 'victim.mjs'), JSON.stringify(task)], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const heard = new Set<string>()
  let ready = 0
  let killing = false
  let rest = ''
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line === 'ready') ready++
      else heard.add(note(line, said))
      const enough = from === 'start' ? ready === parts : heard.size === kinds
      if (enough && !killing) setTimeout(() => child.kill('SIGKILL'), randomInt(ALIVE_MS))
      killing ||= enough
    }
  })
  const { code, signal } = await ended(child)
  expect({ code, signal, errors }).toEqual({ code: null, signal: 'SIGKILL', errors: '' })
}

/** Which acknowledgement of which part it is. */
function note(line: string, said: Said): string {
  const [kind, at = '', value = '', hash = ''] = line.split(' ')
  const index = Number(at)
  if (kind === 'log') said.logs.set(index, { next: Number(value), hash })
  else if (kind === 'item') said.items.set(index, Number(value))
  else (said.blobs.get(index) as Set<string>).add(value)
  return `${kind} ${index}`
}

const ended = (child: ChildProcess): Promise<{ code: number | null; signal: string | null }> =>
  new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code, signal) => resolve({ code, signal }))
  })

async function checkStore(storage: Storage, index: number, said: Said, all: boolean): Promise<void> {
  const { next = 0, hash = '' } = said.logs.get(index) ?? {}
  const info = await storage.journals.info(LOG)
  expect(info?.next ?? 0).toBeGreaterThanOrEqual(next)
  if (next > 0) {
    const [last] = await storage.journals.entries(LOG, { from: next - 1, limit: 1 })
    expect(last?.line.endsWith(`"hash":"${hash}"}`)).toBe(true)
  }
  // The state is that of the last append, whether or not it was acknowledged.
  const state = await storage.tuners.get('victim', LOG)
  expect(state?.value.values.ttl ?? 0).toBe(info?.next ?? 0)
  const item = await storage.kernels.get('victim', LOG)
  expect(item?.version ?? 0).toBeGreaterThanOrEqual(said.items.get(index) ?? 0)
  if (!all) return
  expect(await storage.journals.verify(LOG)).toEqual({ ok: true, entries: (info?.next ?? 0) - (info?.first ?? 0) })
  // So that a long soak does not read ever more.
  await storage.journals.trim(LOG, KEPT)
}

async function checkArtifacts(store: ArtifactStore, said: Set<string>): Promise<void> {
  const listed = new Set<string>()
  for await (const digest of store.list()) listed.add(digest)
  expect([...said].filter((digest) => !listed.has(digest))).toEqual([])
  for (const digest of listed) {
    // Every one that is there is whole: `get` throws for any other.
    const found = store.get(digest)
    // But for uploads that never ended, which S3 drops and this server keeps the first half of. It is told from a whole one.
    if (store.kind === 's3' && !said.has(digest)) await found.catch(expectCorrupt)
    else expect(await found).toBeDefined()
    await store.remove(digest)
  }
  said.clear()
}

const expectCorrupt = (error: unknown): void => expect(error).toMatchObject({ code: 'HOMEOSTAT_STORAGE_CORRUPT' })

test(`${ROUNDS} rounds`, { timeout: 60_000 + ROUNDS * 12_000 }, async () => {
  const subjects = await Promise.all(
    PERSISTENT.filter(([, missing]) => missing === undefined).map(([kind]) => SUBJECTS[kind]()),
  )
  process.env.AWS_ACCESS_KEY_ID = CREDENTIALS.accessKeyId
  process.env.AWS_SECRET_ACCESS_KEY = CREDENTIALS.secretAccessKey
  const urls = subjects.map(({ url = '' }) => url)
  const places = [join(folder, 'blobs'), `s3://${BUCKET}/killed?endpoint=${encodeURIComponent(inject('s3'))}`]
  const stores = await Promise.all(urls.map(openStorage))
  const artifacts = await Promise.all(places.map(openArtifacts))
  const said: Said = { logs: new Map(), items: new Map(), blobs: new Map(places.map((_, i) => [i, new Set()])) }
  try {
    for (let round = 1; round <= ROUNDS; round++) {
      const from = round % 2 === 0 ? 'acknowledged' : 'start'
      await killedRound({ stores: urls, artifacts: places, log: LOG }, said, from)
      const all = round % 10 === 0 || round === ROUNDS
      for (const [i, storage] of stores.entries()) await checkStore(storage, i, said, all)
      for (const [i, store] of artifacts.entries()) await checkArtifacts(store, said.blobs.get(i) as Set<string>)
    }
    // They did write: a round that is killed before anything was acknowledged shows nothing.
    expect(said.logs.size).toBe(urls.length)
    for (const { next } of said.logs.values()) expect(next).toBeGreaterThanOrEqual(Math.floor(ROUNDS / 2))
  } finally {
    await Promise.all([...stores.map((store) => store.close()), ...artifacts.map((store) => store.close())])
    for (const subject of subjects) subject.remove()
  }
})

test.for(PERSISTENT)('%s is among them', ([, missing], { skip }) => {
  if (missing !== undefined) skip(missing)
})
