/**
 * A study in one file: append-only JSON Lines, each chained to the one before by its hash.
 *
 * What holds: a line is in the file before anybody is told that it is. Every change is made under a short lock, after reading what
 * other processes appended since, so that any number of them may ask and tell at once. A process may be killed at any moment: the
 * line that it was writing is incomplete, was never acknowledged, and is cut off by the next one that writes. Nothing else is ever
 * overwritten; a file that does not read is refused and left as it is.
 *
 * `sync` forces a change to the disk before it is acknowledged, which matters for power failures only: what was written survives
 * the death of the process in any case.
 */
import {
  closeSync,
  constants,
  existsSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import process from 'node:process'
import type { SolverBinding, SolverCore, StudyConfig } from '../../binding.js'
import { systemClock } from '../../clock.js'
import { HomeostatError } from '../../errors.js'
import { applyLines } from './apply.js'
import { changed, empty } from './faults.js'
import { agree, canonical } from './header.js'
import { Knobs } from './knobs.js'
import { readStudyFrom } from './load.js'
import { StudyLock, sleepSync } from './lock.js'
import { ioError, realPath, syncFolder } from './paths.js'

export interface OpenStudyOptions {
  readonly binding: SolverBinding
  /** Makes the study where there is none; has to agree with it where there is one. */
  readonly config?: StudyConfig | undefined
  /** How long others are waited for. Default 10 s. */
  readonly lockMs?: number
  /** One line for the operator: what was found and repaired. */
  note?(line: string): void
}

const LOCK_MS = 10_000
/** A lock that is kept is given back after this long without a change. */
const IDLE_MS = 5
/** How often it is looked whether somebody waits for a lock that is kept. */
const CHECK_US = 2000
/** Longer than who waits sleeps at first. */
const YIELD_MS = 2
const NEWLINE = new Uint8Array([10])

export class StudyFile {
  readonly path: string
  readonly #binding: SolverBinding
  readonly #lock: StudyLock
  readonly #lockMs: number
  readonly #note: (line: string) => void
  #fd: number
  #inode = 0
  #core!: SolverCore
  #config!: StudyConfig
  #knobs!: Knobs
  /** Bytes of the file that the core knows of. */
  #end = 0
  #checkedUs = 0
  #idle: ReturnType<typeof setTimeout> | undefined
  /** The core is ahead of the file: it has to be read anew. */
  #stale = true
  readonly #onExit = (): void => this.#lock.release()

  /** Opens a study, or makes it. Throws `HOMEOSTAT_STUDY_*`. */
  constructor(path: string, options: OpenStudyOptions) {
    this.path = realPath(path)
    this.#binding = options.binding
    // Before the file is made: a configuration that cannot be meant leaves nothing behind.
    const { config } = options
    const full = config === undefined ? undefined : canonical(options.binding, config)
    this.#lockMs = options.lockMs ?? LOCK_MS
    this.#note = options.note ?? (() => {})
    this.#lock = new StudyLock(this.path)
    const create = config === undefined ? 0 : constants.O_CREAT
    if (create !== 0 && !existsSync(dirname(this.path)))
      throw ioError(this.path, 'cannot be made', new Error(`there is no folder ${dirname(this.path)}`))
    this.#fd = this.#io(() => openSync(this.path, constants.O_RDWR | create, 0o644))
    try {
      this.#locked(() => {
        this.#reopen()
        this.#load(config)
        if (config !== undefined && full !== undefined) agree(this.path, config, full, this.#config)
      })
    } catch (error) {
      this.close()
      throw error
    }
  }

  get config(): StudyConfig {
    return this.#config
  }

  get knobs(): Knobs {
    return this.#knobs
  }

  /** The study as last read or changed, for questions that change nothing. */
  get core(): SolverCore {
    return this.#core
  }

  /**
   * Runs `work` on the study as it is now, and returns when what it changed is in the file. What it changed before it threw is
   * a fact too, and kept. `sync`: force it to the disk first; a function is asked when `work` is done.
   */
  change<T>(work: (core: SolverCore) => T, sync: boolean | (() => boolean)): T {
    const known = this.#take()
    try {
      if (!known || this.#stale) this.#catchUp()
      try {
        return work(this.#core)
      } finally {
        this.#store(typeof sync === 'function' ? sync() : sync)
      }
    } catch (error) {
      this.#lock.release()
      throw error
    } finally {
      if (this.#idle === undefined) this.#lock.release()
      else this.#idle.refresh()
    }
  }

  /** From now on keeps the lock between changes that follow each other closely, while nobody waits for it. */
  keepLock(): void {
    if (this.#idle !== undefined) return
    this.#idle = setTimeout(() => this.#lock.release(), IDLE_MS)
    this.#idle.unref()
    // Other hosts cannot see that this process is gone.
    process.once('exit', this.#onExit)
  }

  close(): void {
    clearTimeout(this.#idle)
    process.off('exit', this.#onExit)
    this.#lock.release()
    if (this.#fd >= 0) closeSync(this.#fd)
    this.#fd = -1
    this.#core?.close()
  }

  /** Takes the lock. True where it was held since the last change, so that nobody else can have written. */
  #take(): boolean {
    if (this.#lock.held && systemClock.nowUs() - this.#checkedUs > CHECK_US) {
      this.#checkedUs = systemClock.nowUs()
      if (this.#lock.wanted()) {
        this.#lock.release()
        sleepSync(YIELD_MS)
      } else if (!this.#lock.holds()) this.#lock.release()
    }
    if (this.#lock.held) return true
    this.#io(() => this.#lock.acquire(this.#lockMs))
    this.#checkedUs = systemClock.nowUs()
    return false
  }

  #locked<T>(work: () => T): T {
    this.#io(() => this.#lock.acquire(this.#lockMs))
    try {
      return work()
    } finally {
      this.#lock.release()
    }
  }

  /** The lock holds for whatever file has the name now. */
  #reopen(): void {
    this.#inode = fstatSync(this.#fd).ino
    if (this.#named().ino === this.#inode) return
    closeSync(this.#fd)
    this.#fd = this.#io(() => openSync(this.path, 'r+'))
    this.#inode = fstatSync(this.#fd).ino
  }

  #named(): { ino: number; size: number } {
    try {
      return statSync(this.path)
    } catch (error) {
      throw changed(this.path, `it is gone: ${String(error)}`)
    }
  }

  #load(config: StudyConfig | undefined): void {
    this.#core?.close()
    this.#stale = true
    const size = fstatSync(this.#fd).size
    const read = readStudyFrom(this.#fd, size, this.path, this.#binding)
    if (read.kind === 'empty') {
      if (config === undefined) throw empty(this.path)
      if (size > 0) this.#note(`${this.path}: a beginning of ${size} bytes without a study is overwritten`)
      this.#create(config)
      return
    }
    this.#core = read.core
    this.#config = read.config
    this.#knobs = new Knobs(read.config)
    if (read.unfinished) writeSync(this.#fd, NEWLINE, 0, 1, read.end - 1)
    if (read.dropped > 0) this.#cut(read.end, read.dropped)
    this.#end = read.end
    this.#stale = false
  }

  #create(config: StudyConfig): void {
    this.#core = this.#binding.createSolver(JSON.stringify(config))
    this.#config = canonical(this.#binding, config)
    this.#knobs = new Knobs(this.#config)
    ftruncateSync(this.#fd, 0)
    this.#end = 0
    this.#stale = false
    this.#store(true)
    syncFolder(this.path)
  }

  #catchUp(): void {
    const { ino, size } = this.#named()
    if (ino !== this.#inode) throw changed(this.path, 'another file has its name now')
    if (size < this.#end) throw changed(this.path, `it is ${this.#end - size} bytes shorter than it was`)
    if (this.#stale || !this.#follow(size)) this.#load(undefined)
  }

  /** Whether what others appended could be added to what is known. */
  #follow(size: number): boolean {
    if (size === this.#end) return true
    const bytes = new Uint8Array(size - this.#end)
    for (let at = 0; at < bytes.length; ) {
      const count = readSync(this.#fd, bytes, at, bytes.length - at, this.#end + at)
      if (count === 0) break
      at += count
    }
    const whole = bytes.subarray(0, bytes.lastIndexOf(10) + 1)
    if (whole.length < bytes.length || !applyLines(this.#core, this.#knobs, whole)) return false
    this.#end = size
    return true
  }

  #cut(end: number, dropped: number): void {
    ftruncateSync(this.#fd, end)
    this.#note(
      `${this.path}: the last ${dropped} bytes were an incomplete line that nobody was told of; they are dropped`,
    )
  }

  #store(sync: boolean): void {
    const bytes = this.#core.takeLog()
    if (bytes.length === 0) return
    this.#stale = true
    if (this.#idle === undefined && !this.#lock.holds())
      throw changed(this.path, 'its lock was taken away while it was held')
    try {
      for (let at = 0; at < bytes.length; ) {
        at += writeSync(this.#fd, bytes, at, bytes.length - at, this.#end + at)
      }
      if (sync) fdatasyncSync(this.#fd)
    } catch (error) {
      this.#undo()
      throw ioError(this.path, 'cannot be written', error)
    }
    this.#end += bytes.length
    this.#stale = false
  }

  /** What was not acknowledged should not be found later; where this fails too, it is an incomplete line. */
  #undo(): void {
    try {
      ftruncateSync(this.#fd, this.#end)
    } catch {}
  }

  #io<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      if (error instanceof HomeostatError) throw error
      if ((error as NodeJS.ErrnoException).code === 'ENOENT')
        throw new HomeostatError(
          'HOMEOSTAT_STUDY_MISSING',
          `there is no study ${this.path}; a configuration (--config) makes one`,
          { cause: error },
        )
      throw ioError(this.path, 'cannot be used', error)
    }
  }
}
