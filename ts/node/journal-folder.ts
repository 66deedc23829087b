/**
 * The journal on disk.
 *
 * Durability: what the sink takes is handed to the operating system at once, by one write at a time, so it survives the death of
 * the process (SIGKILL too) as soon as that write is done; it is forced to the disk within `sync` (default 1 s). A crash in the
 * middle of a write leaves a torn last line, which the next start sets aside. A new start goes on in the last segment with a new
 * run, whose chain follows from the last whole line before it.
 *
 * A write that fails (a full disk) is repeated at the same place, first after 250 ms, then ever slower up to 5 s. Until it works
 * the sink takes nothing more, the core's queue fills, and the core holds the knobs in SafeMode.
 */
import { resolve } from 'node:path'
import { HomeostatError } from '../errors.js'
import type { JournalSink } from '../journal/sink.js'
import type { ResolvedJournal } from '../schema/validate.js'
import { type JournalFs, nodeFs } from './fs.js'
import { type LastEntry, lastEntry } from './last-entry.js'
import { lockFolder } from './lock.js'
import { createSegment, type OpenSegment, openLastSegment, prune, startPath } from './segments.js'

const RETRY_FIRST_MS = 250
const RETRY_MOST_MS = 5000
const NEWLINE = 10

type Options = ResolvedJournal & { kind: 'folder' }

/** Opens a journal folder for the tuner `name`. Throws `HOMEOSTAT_JOURNAL_LOCKED` or `HOMEOSTAT_JOURNAL_IO`. */
export async function openJournalFolder(name: string, options: Options, fs: JournalFs = nodeFs): Promise<JournalSink> {
  const folder = resolve(options.folder)
  try {
    await fs.mkdir(folder)
    const unlock = await lockFolder(fs, folder, name)
    try {
      const segment = await openLastSegment(fs, folder, name)
      try {
        const last = await lastEntry(fs, folder, name, segment)
        return new FolderSink({ name, folder, options, fs, unlock, segment, last })
      } catch (error) {
        await segment.file.close()
        throw error
      }
    } catch (error) {
      await unlock()
      throw error
    }
  } catch (error) {
    if (error instanceof HomeostatError) throw error
    throw new HomeostatError('HOMEOSTAT_JOURNAL_IO', `the journal folder ${folder} cannot be used: ${String(error)}`, {
      option: 'journal.folder',
      received: options.folder,
      cause: error,
    })
  }
}

interface Parts {
  readonly name: string
  readonly folder: string
  readonly options: Options
  readonly fs: JournalFs
  readonly segment: OpenSegment
  readonly last: LastEntry
  unlock(): Promise<void>
}

class FolderSink implements JournalSink {
  readonly stats = { taken: 0, written: 0, dropped: 0, pruned: 0, failures: 0, torn: 0, unclean: 0 }
  readonly previous: string | undefined
  failure: Error | undefined
  readonly #parts: Parts
  readonly #pending: Uint8Array[] = []
  #pendingBytes = 0
  #segment: OpenSegment
  #size: number
  #unsynced = false
  #writing: Promise<void> | undefined
  #syncTimer: ReturnType<typeof setTimeout> | undefined
  #retryMs = RETRY_FIRST_MS
  #wakeRetry: (() => void) | undefined
  #closing = false
  #givenUp = false
  /** How the run began, until that is kept; undefined before its first entry. */
  #start: string | undefined

  constructor(parts: Parts) {
    this.#parts = parts
    this.#segment = parts.segment
    this.#size = parts.segment.size
    this.stats.torn = parts.segment.torn
    this.stats.unclean = parts.last.unclean ? 1 : 0
    this.previous = parts.last.hash
  }

  get path(): string {
    return this.#segment.path
  }

  room(): number {
    if (this.#closing || this.failure !== undefined) return 0
    return Math.max(0, this.#parts.options.maxPending - this.#pendingBytes)
  }

  write(bytes: Uint8Array): void {
    this.stats.taken += bytes.length
    this.#pending.push(bytes)
    this.#pendingBytes += bytes.length
    this.#writing ??= this.#drain().finally(() => {
      this.#writing = undefined
    })
  }

  async close(timeoutMs: number): Promise<void> {
    this.#closing = true
    this.#wakeRetry?.()
    const timer = setTimeout(() => {
      this.#givenUp = true
      this.#wakeRetry?.()
    }, timeoutMs)
    await this.#writing
    clearTimeout(timer)
    clearTimeout(this.#syncTimer)
    this.stats.dropped += this.#pendingBytes
    await this.#sync().catch(() => {
      this.stats.failures++
    })
    await this.#segment.file.close().catch(() => {})
    await this.#parts.unlock().catch(() => {})
  }

  async #drain(): Promise<void> {
    while (this.#pending.length > 0 && !this.#givenUp) {
      const batch = this.#pending.length === 1 ? (this.#pending[0] as Uint8Array) : Buffer.concat(this.#pending)
      const count = this.#pending.length
      try {
        await this.#append(batch)
      } catch (error) {
        await this.#failed(error)
        continue
      }
      this.#pending.splice(0, count)
      this.#pendingBytes -= batch.length
      this.#start ??= startOf(batch)
      this.stats.written += batch.length
      this.failure = undefined
      this.#retryMs = RETRY_FIRST_MS
    }
  }

  /** Writes whole lines at the end of the segment, a new one if they do not fit. On failure nothing counts as written. */
  async #append(batch: Uint8Array): Promise<void> {
    const { options } = this.#parts
    if (this.#size > 0 && this.#size + batch.length > options.maxBytes) await this.#rotate()
    for (let at = 0; at < batch.length; ) {
      const { bytesWritten } = await this.#segment.file.write(batch, at, batch.length - at, this.#size + at)
      if (bytesWritten === 0) throw new Error('the write made no progress')
      at += bytesWritten
    }
    this.#size += batch.length
    this.#unsynced = true
    if (options.syncMs === 0) return this.#sync()
    this.#syncTimer ??= this.#syncLater(options.syncMs)
  }

  /** The first entry of the run, in a file of its own: the segment that has it may be removed while the run goes on. */
  async #keepStart(): Promise<void> {
    const start = this.#start
    if (start === undefined || start === '') return
    const { fs, folder, name } = this.#parts
    const path = startPath(folder, name)
    try {
      await fs.remove(path)
      await fs.create(path, start)
      this.#start = ''
    } catch {
      // Tried again with the next segment; the journal has it too.
    }
  }

  #syncLater(ms: number): ReturnType<typeof setTimeout> {
    const timer = setTimeout(() => {
      this.#syncTimer = undefined
      this.#sync().catch(() => {
        this.stats.failures++
        this.#syncTimer ??= this.#syncLater(ms)
      })
    }, ms)
    timer.unref()
    return timer
  }

  async #sync(): Promise<void> {
    if (!this.#unsynced) return
    this.#unsynced = false
    try {
      await this.#segment.file.datasync()
    } catch (error) {
      this.#unsynced = true
      throw error
    }
  }

  async #rotate(): Promise<void> {
    const { fs, folder, name, options } = this.#parts
    await this.#sync()
    const next = await createSegment(fs, folder, name, this.#segment.number + 1)
    const full = this.#segment
    this.#segment = next
    this.#size = 0
    await full.file.close()
    await this.#keepStart()
    this.stats.pruned += await prune(fs, folder, name, options.keep)
  }

  async #failed(error: unknown): Promise<void> {
    this.stats.failures++
    this.failure = new HomeostatError(
      'HOMEOSTAT_JOURNAL_IO',
      `the journal ${this.path} cannot be written: ${String(error)}`,
      { cause: error },
    )
    const wait = this.#closing ? 10 : this.#retryMs
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MOST_MS)
    await new Promise<void>((resume) => {
      const timer = setTimeout(resume, wait)
      timer.unref()
      this.#wakeRetry = () => {
        clearTimeout(timer)
        resume()
      }
    })
    this.#wakeRetry = undefined
  }
}

/** The first line of a run, if it is one. */
function startOf(batch: Uint8Array): string {
  const line = new TextDecoder().decode(batch.subarray(0, batch.indexOf(NEWLINE) + 1))
  return line.includes('"event":"start"') ? line : ''
}
