/**
 * The short exclusive lock around every change of a study file.
 *
 * The lock is a symbolic link that points nowhere: making it is one atomic step that fails where it exists, and its target names
 * the holder by process id, start time and host, so that a holder that died is recognised, even where its id went to another
 * process. Where links cannot be made (Windows, some network drives) a file holds the same text.
 *
 * Whoever waits leaves a second link that says so. A process that changes the study many times in a row may keep the lock for as
 * long as nobody waits: the lock itself costs more than a small change.
 *
 * A dead holder's lock is removed only by a process that holds a second lock for it and has looked again, so that nobody's living
 * lock is ever taken away. A holder on another host cannot be asked whether it lives: it is waited for, then reported.
 */
import { randomUUID } from 'node:crypto'
import { closeSync, openSync, readFileSync, readlinkSync, statSync, symlinkSync, unlinkSync, writeSync } from 'node:fs'
import { hostname } from 'node:os'
import process from 'node:process'
import { systemClock, wallTimeMs } from '../../clock.js'
import { HomeostatError } from '../../errors.js'
import { isAlive, startOf } from '../lock.js'

/** A lock file without content is one that is being written; after this long its writer died in between. */
const WRITING_MS = 5000
const WAIT_LEAST_MS = 0.2
const WAIT_MOST_MS = 20

export interface Holder {
  readonly pid: number
  readonly started: string | null
  readonly token: string
  readonly host: string
}

const HOST = hostname().replace(/\s/g, '_')
const STARTED = startOf(process.pid)
const sleeping = new Int32Array(new SharedArrayBuffer(4))

export function sleepSync(ms: number): void {
  Atomics.wait(sleeping, 0, 0, ms)
}

/** This process, as text for a lock or a claim. */
export function selfText(token: string): string {
  return `${process.pid} ${STARTED ?? '-'} ${token} ${HOST}`
}

export function parseHolder(text: string): Holder | undefined {
  const [pid, started, token, host] = text.trim().split(' ')
  const number = Number(pid)
  if (!Number.isSafeInteger(number) || number <= 0 || !started || !token || !host) return undefined
  return { pid: number, started: started === '-' ? null : started, token, host }
}

/** Whether a holder is known to be gone. One on another host is not. */
export function isDead(holder: Holder): boolean {
  return holder.host === HOST && !isAlive(holder)
}

export class StudyLock {
  readonly #path: string
  readonly #want: string
  readonly #study: string
  readonly #text = selfText(randomUUID())
  #held = false

  /** @param study the study file, beside which the lock lies. */
  constructor(study: string) {
    this.#study = study
    this.#path = `${study}.lock`
    this.#want = `${study}.lock.want`
  }

  /** Waits at most `timeoutMs` for others, then throws `HOMEOSTAT_STUDY_LOCKED`. */
  acquire(timeoutMs: number): void {
    if (make(this.#path, this.#text)) {
      this.#held = true
      return
    }
    const endUs = systemClock.nowUs() + timeoutMs * 1000
    try {
      for (let wait = WAIT_LEAST_MS; ; wait = Math.min(wait * 2, WAIT_MOST_MS)) {
        removeDead(this.#path, this.#text)
        if (make(this.#path, this.#text)) break
        if (systemClock.nowUs() > endUs) throw this.#locked()
        make(this.#want, this.#text)
        // Processes that wait for each other must not stay in step.
        sleepSync(wait * (0.5 + Math.random()))
      }
      this.#held = true
    } finally {
      if (look(this.#want) === this.#text) unlinkQuietly(this.#want)
    }
  }

  get held(): boolean {
    return this.#held
  }

  /** Whether a living process waits for this lock. */
  wanted(): boolean {
    const text = look(this.#want)
    if (text === undefined) return false
    const waiting = parseHolder(text)
    if (waiting !== undefined && !isDead(waiting)) return true
    unlinkQuietly(this.#want)
    return false
  }

  /** Whether the lock on disk is still this one: a person may have removed it. */
  holds(): boolean {
    return this.#held && look(this.#path) === this.#text
  }

  release(): void {
    if (this.holds()) unlinkSync(this.#path)
    this.#held = false
  }

  #locked(): HomeostatError {
    const holder = parseHolder(look(this.#path) ?? '')
    const by = holder === undefined ? 'another process' : `process ${holder.pid} on ${holder.host}`
    return new HomeostatError(
      'HOMEOSTAT_STUDY_LOCKED',
      `the study ${this.#study} is held by ${by}; try again when it is done, or remove ${this.#path} if that process is gone`,
      { received: this.#study },
    )
  }
}

/** Makes the lock; false where there is one. */
function make(path: string, text: string): boolean {
  try {
    symlinkSync(text, path)
    return true
  } catch (error) {
    switch ((error as NodeJS.ErrnoException).code) {
      case 'EEXIST':
        return false
      case 'EPERM':
      case 'ENOSYS':
      case 'ENOTSUP':
      case 'EINVAL':
        return makeFile(path, text)
      default:
        throw error
    }
  }
}

function makeFile(path: string, text: string): boolean {
  let file: number
  try {
    file = openSync(path, 'wx', 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
  try {
    writeSync(file, text)
  } finally {
    closeSync(file)
  }
  return true
}

/** What a lock says; undefined where there is none. */
function look(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
  }
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function leftBehind(path: string): boolean {
  const text = look(path)
  if (text === undefined) return false
  const holder = parseHolder(text)
  if (holder !== undefined) return isDead(holder)
  try {
    return wallTimeMs() - statSync(path).mtimeMs > WRITING_MS
  } catch {
    return false
  }
}

/** Removes a lock whose holder died, under a lock for that. */
function removeDead(path: string, text: string): void {
  if (!leftBehind(path)) return
  const guard = `${path}.break`
  if (!make(guard, text)) {
    // Whoever died while it held the guard did so within microseconds: this one is taken away without a guard of its own.
    if (leftBehind(guard)) unlinkQuietly(guard)
    return
  }
  try {
    if (leftBehind(path)) unlinkQuietly(path)
  } finally {
    unlinkQuietly(guard)
  }
}

function unlinkQuietly(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
