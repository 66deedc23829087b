/**
 * One process per journal folder. The lock file names its holder by process id and start time, so that a holder that died is
 * recognised even where its id went to another process. Several tuners of one process share the folder, one per name.
 */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import process from 'node:process'
import { HomeostatError } from '../errors.js'
import { isAlive, startOf } from './alive.js'
import type { JournalFs } from './fs.js'

export { isAlive, startOf }

const FILE = '.homeostat.lock'
/** Attempts against other processes that take over the same stale lock. */
const ATTEMPTS = 5
/** A lock without content is one that is being written; after this long its writer died in between. */
const WRITING_MS = 200

export interface Holder {
  readonly pid: number
  /** In clock ticks since boot, with the boot's id; null where the system does not tell. */
  readonly started: string | null
  /** Tells lock files of the same process apart: threads with modules of their own. */
  readonly token: string
}

interface Held {
  readonly token: string
  readonly names: Set<string>
}

const heldHere = new Map<string, Held>()
/** Opening and closing of one folder happen one after the other. */
const turns = new Map<string, Promise<unknown>>()

/** Takes the folder for `name`; resolves to how to give it back. Throws `HOMEOSTAT_JOURNAL_LOCKED`. */
export function lockFolder(fs: JournalFs, folder: string, name: string): Promise<() => Promise<void>> {
  return inTurn(folder, async () => {
    let held = heldHere.get(folder)
    if (held?.names.has(name)) throw locked(folder, `a tuner named "${name}" of this process`)
    if (held === undefined) {
      held = { token: await take(fs, folder), names: new Set() }
      heldHere.set(folder, held)
    }
    held.names.add(name)
    return () => inTurn(folder, () => release(fs, folder, name))
  })
}

async function release(fs: JournalFs, folder: string, name: string): Promise<void> {
  const held = heldHere.get(folder)
  if (!held?.names.delete(name) || held.names.size > 0) return
  heldHere.delete(folder)
  const path = join(folder, FILE)
  const holder = await read(fs, path)
  if (holder?.token === held.token) await fs.remove(path)
}

async function take(fs: JournalFs, folder: string): Promise<string> {
  const path = join(folder, FILE)
  const me: Holder = { pid: process.pid, started: startOf(process.pid), token: randomUUID() }
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      await fs.create(path, `${JSON.stringify(me)}\n`)
      return me.token
    } catch (error) {
      if ((error as { code?: string }).code !== 'EEXIST') throw error
    }
    let holder = await read(fs, path)
    if (holder === undefined) {
      await new Promise((resolve) => setTimeout(resolve, WRITING_MS))
      holder = await read(fs, path)
    }
    if (holder !== undefined && isAlive(holder)) throw locked(folder, `process ${holder.pid}`)
    await discard(fs, path, holder)
  }
  throw locked(folder, 'another process that started at the same time')
}

/** Moves a dead holder's file aside under a name of our own, and puts it back if it turns out to be somebody else's. */
async function discard(fs: JournalFs, path: string, dead: Holder | undefined): Promise<void> {
  const aside = `${path}.${randomUUID()}`
  try {
    await fs.rename(path, aside)
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return
    throw error
  }
  const moved = await read(fs, aside)
  if (moved !== undefined && moved.token !== dead?.token && isAlive(moved)) {
    await fs.create(path, `${JSON.stringify(moved)}\n`).catch(() => {})
  }
  await fs.remove(aside)
}

async function read(fs: JournalFs, path: string): Promise<Holder | undefined> {
  try {
    const holder = JSON.parse(await fs.readText(path)) as Holder
    return Number.isSafeInteger(holder.pid) && holder.pid > 0 ? holder : undefined
  } catch {
    return undefined
  }
}

function locked(folder: string, by: string): HomeostatError {
  return new HomeostatError(
    'HOMEOSTAT_JOURNAL_LOCKED',
    `the journal folder ${folder} is in use by ${by}; give each process a folder of its own`,
    {
      option: 'journal.folder',
      received: folder,
    },
  )
}

function inTurn<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const turn = (turns.get(folder) ?? Promise.resolve()).then(work, work)
  const done = turn.catch(() => {})
  turns.set(folder, done)
  void done.then(() => {
    if (turns.get(folder) === done) turns.delete(folder)
  })
  return turn
}
