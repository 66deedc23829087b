/**
 * A real PostgreSQL of this run's own: a cluster in a folder, on a free port of the loopback, gone at the end. Also where the run is
 * killed: a process beside it holds the other end of a pipe, and ends the server when that breaks. Should that be killed too, the
 * next run finds what is nobody's.
 */
import { execFile, execFileSync, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { thisProcess } from '../../../ts/storage/node/holder.js'

const run = promisify(execFile)
/** The oldest that is supported. */
const OLDEST = 15
/** User with a password: its own name. */
export const LOCKED = 'locked'

export interface Postgres {
  readonly port: number
  readonly folder: string
  /** URL of a database. */
  url(database: string): string
  /** Ends all at once, as a crash does. */
  crash(): Promise<void>
  start(): Promise<void>
  remove(): Promise<void>
}

/** Folder of PostgreSQL's programs, or why there is none. */
export function findPostgres(): { bin: string } | { missing: string } {
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian)
    ? readdirSync(debian)
        .map(Number)
        .filter((n) => n >= OLDEST)
    : []
  for (const version of versions.sort((a, b) => b - a)) {
    const bin = join(debian, `${version}`, 'bin')
    if (existsSync(join(bin, 'initdb')) && existsSync(join(bin, 'postgres'))) return { bin }
  }
  try {
    const text = execFileSync('pg_config', ['--version', '--bindir'], { encoding: 'utf8' })
    const [bin = '', version = ''] = text.trim().split('\n')
    if (Number(/\d+/.exec(version)?.[0]) >= OLDEST && existsSync(join(bin, 'initdb'))) return { bin }
  } catch {}
  return {
    missing: `PostgreSQL ${OLDEST} or newer is not installed; npm test installs it where it may, by hand: sudo apt-get install postgresql`,
  }
}

/** Its programs refuse to run as root: then they run as the user that owns an ordinary installation, or as nobody. */
function user(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const passwd = readFileSync('/etc/passwd', 'utf8')
  const found = /^(?:postgres):[^:]*:(\d+):(\d+)/m.exec(passwd) ?? /^nobody:[^:]*:(\d+):(\d+)/m.exec(passwd)
  return { uid: Number(found?.[1]), gid: Number(found?.[2]) }
}

/** A port that nobody listens to, none of those that systems give to whoever asks for any: it stays free while nobody wants just this. */
export async function freePort(): Promise<number> {
  const isFree = (port: number) =>
    new Promise<boolean>((resolve) => {
      const server = createServer()
      server.on('error', () => resolve(false)).listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
    })
  for (;;) {
    const port = randomInt(10_000, 32_000)
    if (await isFree(port)) return port
  }
}

const NAME = 'homeostat-postgres-'
const OWNER = 'owner.json'

/** What the process beside a server does once its input ends. It gets the folder, `pg_ctl` and the user. */
const WATCHDOG = `
const { spawnSync } = require('node:child_process')
const { rmSync } = require('node:fs')
const [folder, program, uid, gid] = process.argv.slice(1)
const as = uid === '' ? {} : { uid: Number(uid), gid: Number(gid) }
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {})
process.stdin.on('end', () => {
  spawnSync(program, ['-D', folder + '/data', '-m', 'immediate', '-w', 'stop'], { ...as, cwd: folder, stdio: 'ignore' })
  rmSync(folder, { recursive: true, force: true })
}).resume()
`

/** Ends the server of a folder when this process ends, however it does; what it returns lets it go. */
function watch(folder: string, program: string, { uid, gid }: { uid?: number; gid?: number }): () => Promise<void> {
  const args = ['-e', WATCHDOG, folder, program, `${uid ?? ''}`, `${gid ?? ''}`]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  child.unref()
  ;(child.stdin as unknown as { unref(): void }).unref()
  return () =>
    new Promise((resolve) => {
      child.ref()
      child.once('exit', () => resolve())
      child.stdin?.end()
    })
}

/** Servers whose runs are gone, from before there was somebody to end them. */
export function sweep(bin: string, place = tmpdir()): string[] {
  const found = readdirSync(place).filter((name) => name.startsWith(NAME))
  return found.filter((name) => {
    const folder = join(place, name)
    try {
      const owner = JSON.parse(readFileSync(join(folder, OWNER), 'utf8'))
      // Of a process that is not of here nothing can be said.
      if (thisProcess().isAlive(owner) !== false) return false
      const stop = ['-D', join(folder, 'data'), '-m', 'immediate', '-w', 'stop']
      execFileSync(join(bin, 'pg_ctl'), stop, { ...user(), cwd: folder, stdio: 'ignore' })
    } catch (error) {
      // Without an owner it is none of ours; without a server it is only a folder.
      if ((error as { code?: string }).code === 'ENOENT') return false
    }
    rmSync(folder, { recursive: true, force: true })
    return true
  })
}

export async function startPostgres(bin: string, settings: readonly string[] = []): Promise<Postgres> {
  sweep(bin)
  const folder = mkdtempSync(join(tmpdir(), NAME))
  writeFileSync(join(folder, OWNER), JSON.stringify(thisProcess().holder))
  const data = join(folder, 'data')
  const as = user()
  mkdirSync(data)
  if (as.uid !== undefined) for (const path of [folder, data]) chownSync(path, as.uid, as.gid as number)
  const options = { ...as, cwd: folder, env: { ...process.env, LC_ALL: 'C' } }
  const port = await freePort()
  const program = (name: string, args: string[]) => run(join(bin, name), args, options)
  await program('initdb', ['-D', data, '-U', 'owner', '-A', 'trust', '--no-sync', '--encoding=UTF8', '--no-locale'])
  // One user has to give a password, so that a wrong one can be given.
  const rules = join(data, 'pg_hba.conf')
  writeFileSync(rules, `host all ${LOCKED} 127.0.0.1/32 scram-sha-256\n${readFileSync(rules, 'utf8')}`)
  const given = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${folder}`,
    'max_connections=60',
    // The processes that are killed are ours; the server writes what it acknowledged, and is never switched off here.
    'shared_buffers=16MB',
    'max_wal_size=64MB',
    ...settings,
  ]
  const words = given.map((setting) => `-c ${setting}`).join(' ')
  const start = async (): Promise<void> => {
    await program('pg_ctl', ['-D', data, '-w', '-t', '120', '-l', join(folder, 'log'), '-o', words, 'start'])
  }
  const crash = async (): Promise<void> => {
    await program('pg_ctl', ['-D', data, '-m', 'immediate', '-w', '-t', '120', 'stop'])
  }
  const letGo = watch(folder, join(bin, 'pg_ctl'), as)
  await start()
  return {
    port,
    folder,
    url: (database) => `postgres://owner@127.0.0.1:${port}/${database}`,
    start,
    crash,
    remove: letGo,
  }
}

let databases = 0
/** A database of its own, empty; its URL. */
export async function emptyDatabase(server: string): Promise<string> {
  const name = `test_${process.pid}_${databases++}_${Math.random().toString(36).slice(2, 8)}`
  const client = new pg.Client({ connectionString: server })
  await client.connect()
  try {
    await client.query(`create database ${name}`)
  } finally {
    await client.end()
  }
  const url = new URL(server)
  url.pathname = `/${name}`
  return url.href
}
