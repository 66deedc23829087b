/**
 * A library in a file, that processes share.
 *
 * Lines are appended, each batch in one write to a file opened for appending: lines of several processes interleave whole. What a
 * crash left in the middle of a line is ended by the next append, and passed over by its checksum. A file of which less than half
 * still says something is written anew beside it and renamed over it, by one process at a time (`<file>.lock`). Nothing is lost by
 * that: who renames carries over what was appended meanwhile, and who appended to a file that is not there any more does so again.
 *
 * A file that another version wrote alone, and one that is no library at all, is refused before anything is written to it.
 */
import { type FileHandle, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import process from 'node:process'
import { wallTimeMs } from '../../clock.js'
import { HomeostatError } from '../../errors.js'
import { anotherVersion, type LibraryStore } from '../library.js'
import { foreignVersions, isLibrary, standing } from './facts.js'

/** Bytes above which a file is looked at for facts that were replaced, and by which it has to grow to be looked at again. */
const COMPACT_BYTES = 1 << 20
/** A lock that is older was left by a crash. */
const LOCK_MAX_MS = 30_000

const codeOf = (cause: unknown): string | undefined => (cause as NodeJS.ErrnoException).code

export class FileLibrary implements LibraryStore {
  readonly path: string
  /** Bytes of the present file that this process knows, and which file that is. */
  #known = 0
  #file = 0n
  /** When the file is worth a look. */
  #compactAt = COMPACT_BYTES
  /** Whether the file is one to write to. */
  #examined = false
  /** One thing at a time. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(path: string) {
    this.path = path
  }

  load(): Promise<Uint8Array | undefined> {
    return this.#inTurn('read', async () => {
      await this.#examine()
      await this.#compact()
      this.#known = 0
      return this.#news()
    })
  }

  grown(): Promise<Uint8Array | undefined> {
    return this.#inTurn('read', () => this.#news())
  }

  append(lines: string): Promise<void> {
    return this.#inTurn('written', async () => {
      if (!this.#examined) await this.#examine()
      await mkdir(dirname(this.path), { recursive: true })
      while (!(await this.#add(lines))) {}
      await this.#compact()
    })
  }

  async #examine(): Promise<void> {
    this.#examined = false
    const text = await readFile(this.path, 'utf8').catch((cause) => {
      if (codeOf(cause) === 'ENOENT') return ''
      throw cause
    })
    const versions = foreignVersions(text)
    if (versions.length > 0) throw anotherVersion(this.path, versions)
    if (!isLibrary(text))
      throw new HomeostatError('HOMEOSTAT_LIBRARY_DAMAGED', `library: ${this.path} is no library of kernels`, {
        option: 'library',
        received: this.path,
      })
    this.#examined = true
  }

  /** Whole lines that this process does not know. */
  async #news(): Promise<Uint8Array | undefined> {
    const file = await openIfAny(this.path)
    if (file === undefined) return undefined
    try {
      const { ino, size } = await file.stat({ bigint: true })
      // Written anew, by whomever: all of it.
      if (ino !== this.#file || size < this.#known) this.#known = 0
      this.#file = ino
      const bytes = await readFrom(file, this.#known, Number(size))
      // The rest of a line that is being written comes the next time.
      const whole = bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1)
      this.#known += whole.length
      return whole.length === 0 ? undefined : whole
    } finally {
      await file.close()
    }
  }

  /** Appends, in one write. False where the file was replaced meanwhile. */
  async #add(lines: string): Promise<boolean> {
    const file = await open(this.path, 'a+')
    try {
      const { ino, size } = await file.stat({ bigint: true })
      const [last] = size === 0n ? [0x0a] : await readFrom(file, Number(size) - 1, Number(size))
      const text = last === 0x0a ? lines : `\n${lines}`
      await file.appendFile(text)
      const after = await file.stat({ bigint: true })
      const there = await stat(this.path, { bigint: true }).catch(() => undefined)
      if (there?.ino !== ino) return false
      const alone = ino === this.#file && Number(size) === this.#known
      if (alone && Number(after.size - size) === Buffer.byteLength(text)) this.#known = Number(after.size)
      return true
    } finally {
      await file.close()
    }
  }

  async #compact(): Promise<void> {
    const size = Number((await stat(this.path).catch(() => undefined))?.size ?? 0)
    if (size < this.#compactAt) return
    this.#compactAt = size + COMPACT_BYTES
    const lock = `${this.path}.lock`
    if (!(await taken(lock))) return
    try {
      await this.#writeAnew()
    } catch (cause) {
      // Where a file that somebody has open cannot be replaced it grows on.
      if (!['EPERM', 'EBUSY', 'EACCES'].includes(codeOf(cause) ?? '')) throw cause
    } finally {
      await rm(lock, { force: true })
    }
  }

  async #writeAnew(): Promise<void> {
    const old = await open(this.path, 'r')
    const beside = `${this.path}.${process.pid}.new`
    try {
      const { size, mode } = await old.stat()
      const bytes = await readFrom(old, 0, size)
      const whole = bytes.lastIndexOf(0x0a) + 1
      const lines = await standing(bytes.toString('utf8', 0, whole))
      if (Buffer.byteLength(lines) * 2 > size) return
      await writeDurably(beside, lines, mode)
      await rename(beside, this.path)
      const late = await readFrom(old, whole, (await old.stat()).size)
      this.#compactAt = Buffer.byteLength(lines) + COMPACT_BYTES
      if (late.length > 0) while (!(await this.#add(late.toString('utf8')))) {}
    } finally {
      await old.close()
      await rm(beside, { force: true })
    }
  }

  #inTurn<T>(what: string, work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work).catch((cause) => {
      throw this.#failed(what, cause)
    })
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  #failed(what: string, cause: unknown): HomeostatError {
    if (cause instanceof HomeostatError) return cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    return new HomeostatError('HOMEOSTAT_FILE', `library: ${this.path} cannot be ${what}: ${reason}`, {
      option: 'library',
      cause,
    })
  }
}

async function openIfAny(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r')
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined
    throw cause
  }
}

async function readFrom(file: FileHandle, from: number, to: number): Promise<Buffer> {
  const bytes = Buffer.alloc(Math.max(0, to - from))
  let at = 0
  while (at < bytes.length) {
    const { bytesRead } = await file.read(bytes, at, bytes.length - at, from + at)
    if (bytesRead === 0) break
    at += bytesRead
  }
  return bytes.subarray(0, at)
}

async function writeDurably(path: string, text: string, mode: number): Promise<void> {
  const file = await open(path, 'w', mode)
  try {
    await file.writeFile(text)
    await file.datasync()
  } finally {
    await file.close()
  }
}

/** Takes a lock; false where another process has it. */
async function taken(lock: string): Promise<boolean> {
  const held = await stat(lock).catch(() => undefined)
  if (held !== undefined && wallTimeMs() - held.mtimeMs > LOCK_MAX_MS) await rm(lock, { force: true })
  try {
    await (await open(lock, 'wx')).close()
    return true
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') return false
    throw cause
  }
}
