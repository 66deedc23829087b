/**
 * Reads the lines of a journal's segments, and those that are written from now on.
 */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import type { JournalEntry } from '../../tuner/events.js'

const PIECE = 1 << 20
/** A line that is longer is no entry. */
const LINE_MAX = 1 << 24
const NEWLINE = 10

export class Follower {
  readonly #files: () => readonly string[]
  readonly #take: (entry: JournalEntry) => void
  #file: string | undefined
  #offset = 0
  #open = Buffer.alloc(0)
  /** Lines that were no entries. */
  bad = 0

  /** `files`: the segments in their order, as they are now. */
  constructor(files: () => readonly string[], take: (entry: JournalEntry) => void) {
    this.#files = files
    this.#take = take
  }

  /** Reads what is there and was not read yet; true where there was something. */
  read(): boolean {
    const files = this.#files()
    let at = this.#file === undefined ? 0 : files.indexOf(this.#file)
    // The segment that was read last is gone: everything older is, too.
    if (at < 0) at = 0
    let found = false
    for (const file of files.slice(at)) {
      if (file !== this.#file) {
        this.#file = file
        this.#offset = 0
        this.#open = Buffer.alloc(0)
      }
      found = this.#readFile(file) || found
    }
    return found
  }

  #readFile(file: string): boolean {
    let handle: number
    try {
      handle = openSync(file, 'r')
    } catch {
      // Removed since it was listed.
      return false
    }
    try {
      const { size } = fstatSync(handle)
      const before = this.#offset
      const piece = Buffer.alloc(Math.min(PIECE, Math.max(0, size - before)))
      while (this.#offset < size) {
        const length = readSync(handle, piece, 0, piece.length, this.#offset)
        if (length === 0) break
        this.#offset += length
        this.#lines(piece.subarray(0, length))
      }
      return this.#offset > before
    } finally {
      closeSync(handle)
    }
  }

  #lines(piece: Buffer): void {
    let rest = this.#open.length === 0 ? piece : Buffer.concat([this.#open, piece])
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      this.#line(rest.toString('utf8', 0, end))
      rest = rest.subarray(end + 1)
    }
    this.#open = rest.length > LINE_MAX ? Buffer.alloc(0) : Buffer.from(rest)
  }

  #line(text: string): void {
    if (text === '') return
    try {
      const entry = JSON.parse(text) as JournalEntry
      if (typeof entry.event !== 'string' || typeof entry.payload !== 'object' || entry.payload === null) throw entry
      this.#take(entry)
    } catch {
      this.bad++
    }
  }
}

/** When a file was written last, in milliseconds since 1970. */
export const writtenMs = (file: string): number => statSync(file).mtimeMs
