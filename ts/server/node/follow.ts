/**
 * Reads the lines of a journal's segments, and those that are written from now on. In pieces, between which the event loop has its turn.
 */
import { type FileHandle, open, stat } from 'node:fs/promises'
import type { JournalEntry } from '../../tuner/events.js'
import { type Bounds, entryOf, OF_PROBES, PER_WINDOW, type Run } from '../journal/feed.js'

/** A few milliseconds of work; less where the thread has other things to do. */
const PIECE = 1 << 18
const SMALL_PIECE = 1 << 16
/** A line that is longer is no entry. */
const LINE_MAX = 1 << 24
const NEWLINE = 10
/** A line begins with its number, its event, times, the run's name and, in the payload, the kind of what was proposed. */
const HEAD = 320

/** The segments in their order, as they are now. */
export type Files = () => Promise<readonly string[]>

export class Follower {
  readonly #files: Files
  readonly #take: (entry: JournalEntry) => void
  #file: string | undefined
  #offset = 0
  #open = Buffer.alloc(0)
  readonly #bounds: Bounds | undefined
  /** Bytes from here on of which only what was decided and told is read, and no probes. */
  #sparse = 0
  /** It was begun in the middle of a line. */
  #cut = false
  /** Lines that were no entries. */
  bad = 0

  constructor(files: Files, take: (entry: JournalEntry) => void, bounds?: Bounds) {
    this.#files = files
    this.#take = take
    this.#bounds = bounds
  }

  /** Reads what is there and was not read yet. Not to be called again before it is done. */
  async read(): Promise<void> {
    const files = await this.#files()
    if (this.#file === undefined && this.#bounds !== undefined) await this.#begin(files, this.#bounds)
    let at = this.#file === undefined ? 0 : files.indexOf(this.#file)
    // The segment that was read last is gone: everything older is, too.
    if (at < 0) at = 0
    for (const file of files.slice(at)) {
      if (file !== this.#file) {
        this.#file = file
        this.#offset = 0
        this.#open = Buffer.alloc(0)
      }
      const size = this.#bounds === undefined ? PIECE : SMALL_PIECE
      for await (const piece of piecesOf(file, this.#offset, size)) {
        this.#offset += piece.length
        this.#lines(piece)
      }
    }
  }

  async #begin(files: readonly string[], { bytes, wholeBytes }: Bounds): Promise<void> {
    const { index, offset, left } = await newest(files, bytes)
    this.#file = files[index]
    this.#offset = offset
    this.#sparse = Math.max(0, left - wholeBytes)
    if (offset === 0) return
    // From the byte before on, so that a line that begins right here is no cut one.
    this.#offset--
    this.#sparse++
    this.#cut = true
  }

  #lines(piece: Buffer): void {
    const lines = this.#open.length === 0 ? piece : Buffer.concat([this.#open, piece])
    let at = 0
    for (let end = lines.indexOf(NEWLINE); end >= 0; end = lines.indexOf(NEWLINE, at)) {
      if (this.#cut) this.#cut = false
      else if (this.#sparse <= 0 || !isBulkLine(lines.toString('latin1', at, Math.min(end, at + HEAD))))
        this.#line(lines.toString('utf8', at, end))
      this.#sparse -= end + 1 - at
      at = end + 1
    }
    this.#open = lines.length - at > LINE_MAX ? Buffer.alloc(0) : Buffer.from(lines.subarray(at))
  }

  #line(text: string): void {
    if (text === '') return
    const entry = entryOf(text)
    if (entry === undefined) this.bad++
    else this.#take(entry)
  }
}

/** As `isBulk` has it, without making JSON of the line: the payload's texts stand behind its kind. */
const BULK_HEAD = new RegExp(
  `^\\{"seq":\\d+,"event":"(?:(?:${PER_WINDOW.join('|')})"|(?:${OF_PROBES.join('|')})".*?"payload":\\{"kind":"probe")`,
)
const isBulkLine = (head: string): boolean => BULK_HEAD.test(head)

const STARTS = Buffer.from('"event":"start"')

/**
 * The runs of a journal, or of its newest bytes, without reading more of it than where they begin and end: entries in between are
 * looked through as bytes, a hundred times faster than as JSON.
 */
export async function runsIn(files: readonly string[], bytes = Number.POSITIVE_INFINITY): Promise<Run[]> {
  const runs: { first: JournalEntry; lastUs: number }[] = []
  /** The last whole line so far. */
  let last = ''
  const end = (line: string): void => {
    const run = runs.at(-1)
    if (run !== undefined) run.lastUs = entryOf(line)?.time_us ?? run.lastUs
  }
  const begin = (line: string): void => {
    const first = entryOf(line)
    if (first === undefined || (runs.length > 0 && first.event !== 'start')) return
    end(last)
    runs.push({ first, lastUs: first.time_us })
  }
  const { index, offset } = await newest(files, bytes)
  // From the byte before on, so that a line that begins right there is no cut one.
  let cut = offset > 0
  for (const [i, file] of files.slice(index).entries()) {
    let open = Buffer.alloc(0)
    for await (const piece of piecesOf(file, i === 0 ? Math.max(0, offset - 1) : 0)) {
      const text = open.length === 0 ? piece : Buffer.concat([open, piece])
      const whole = text.lastIndexOf(NEWLINE) + 1
      open = whole === 0 && text.length > LINE_MAX ? Buffer.alloc(0) : Buffer.from(text.subarray(whole))
      if (whole === 0) continue
      const lines = text.subarray(cut ? text.indexOf(NEWLINE) + 1 : 0, whole)
      cut = false
      if (lines.length === 0) continue
      let at = 0
      if (runs.length === 0) {
        at = lines.indexOf(NEWLINE)
        begin(lines.toString('utf8', 0, at))
      }
      for (let hit = lines.indexOf(STARTS, at); hit >= 0; hit = lines.indexOf(STARTS, hit + 1)) {
        const from = lines.lastIndexOf(NEWLINE, hit) + 1
        if (from > 0) last = lineBefore(lines, from)
        begin(lines.toString('utf8', from, lines.indexOf(NEWLINE, hit)))
      }
      last = lineBefore(lines, lines.length)
    }
  }
  end(last)
  return runs
}

/** The line that ends right before `at`. */
function lineBefore(lines: Buffer, at: number): string {
  return lines.toString('utf8', lines.lastIndexOf(NEWLINE, Math.max(0, at - 2)) + 1, at - 1)
}

/** Where the newest bytes begin, and how many there are: all, where there are not so many. */
async function newest(
  files: readonly string[],
  bytes: number,
): Promise<{ index: number; offset: number; left: number }> {
  const sizes = await Promise.all(files.map(sizeOf))
  const all = sizes.reduce((sum, size) => sum + size, 0)
  const left = Math.min(all, bytes)
  let before = all - left
  let index = 0
  while (index < sizes.length - 1 && before >= (sizes[index] as number)) before -= sizes[index++] as number
  return { index, offset: before, left }
}

/** What a file has from `offset` on; nothing where it is gone. */
async function* piecesOf(file: string, offset: number, most = PIECE): AsyncGenerator<Buffer> {
  let handle: FileHandle
  try {
    handle = await open(file, 'r')
  } catch (error) {
    // Removed since it was listed.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  try {
    const { size } = await handle.stat()
    for (let at = offset; at < size; ) {
      const piece = Buffer.allocUnsafe(Math.min(most, size - at))
      const { bytesRead } = await handle.read(piece, 0, piece.length, at)
      if (bytesRead === 0) return
      at += bytesRead
      yield piece.subarray(0, bytesRead)
    }
  } finally {
    await handle.close()
  }
}

/** When a file was written last, in milliseconds since 1970. */
export const writtenMs = async (file: string): Promise<number> => (await stat(file)).mtimeMs

/** Nothing where it is gone. */
const sizeOf = (file: string): Promise<number> =>
  stat(file).then(
    ({ size }) => size,
    () => 0,
  )
