/** The journal that a sink holds in memory. Only as much of it is made text as is read, in pieces between which the event loop has its turn. */
import type { JournalEntry } from '../../tuner/events.js'
import { type Bounds, entryOf, type Feed, type FeedReader, type Run } from './feed.js'
import { turn } from './turn.js'

/** Bytes between which the event loop has its turn: about a millisecond of work. */
const PIECE = 1 << 16
const NEWLINE = 10

export function memoryFeed(title: string, held: () => Uint8Array): Feed {
  return {
    title,
    reader: (take, bounds) => new MemoryReader(held, take, bounds),
    runs: async (bounds) => {
      const bytes = held()
      const runs: Run[] = []
      let last = ''
      const end = (): void => {
        const run = runs.pop()
        if (run !== undefined) runs.push({ ...run, lastUs: entryOf(last)?.time_us ?? run.lastUs })
      }
      for await (const lines of piecesOf(bytes, begin(bytes, bounds))) {
        for (const line of lines) {
          const first = runs.length === 0 || line.includes('"event":"start"') ? entryOf(line) : undefined
          if (first !== undefined && (runs.length === 0 || first.event === 'start')) {
            end()
            runs.push({ first, lastUs: first.time_us })
          }
          last = line
        }
      }
      end()
      return runs
    },
    start: async () => undefined,
    written: async () => undefined,
  }
}

const decoder = new TextDecoder()

/** Where the first line begins that lies within the bounds. */
function begin(bytes: Uint8Array, bounds: Bounds | undefined): number {
  const cut = bounds === undefined ? 0 : Math.max(0, bytes.length - bounds.wholeBytes)
  if (cut === 0) return 0
  // From the byte before on, so that a line that begins right here is no cut one.
  const newline = bytes.indexOf(NEWLINE, cut - 1)
  return newline < 0 ? bytes.length : newline + 1
}

/** Whole lines from `at` on. */
async function* piecesOf(bytes: Uint8Array, at: number): AsyncGenerator<string[]> {
  for (let from = at; from < bytes.length; ) {
    let end = from + PIECE < bytes.length ? bytes.lastIndexOf(NEWLINE, from + PIECE - 1) + 1 : bytes.length
    // A line that is longer than a piece.
    if (end <= from) end = bytes.indexOf(NEWLINE, from) + 1 || bytes.length
    const lines = decoder.decode(bytes.subarray(from, end)).split('\n')
    lines.pop()
    yield lines
    from = end
    if (from < bytes.length) await turn()
  }
}

class MemoryReader implements FeedReader {
  bad = 0
  readonly #held: () => Uint8Array
  readonly #take: (entry: JournalEntry) => void
  readonly #bounds: Bounds | undefined
  /** The line that was read last, with its end. */
  #last: Uint8Array | undefined

  constructor(held: () => Uint8Array, take: (entry: JournalEntry) => void, bounds: Bounds | undefined) {
    this.#held = held
    this.#take = take
    this.#bounds = bounds
  }

  async read(): Promise<void> {
    const bytes = this.#held()
    for await (const lines of piecesOf(bytes, this.#next(bytes))) {
      for (const line of lines) {
        const entry = entryOf(line)
        if (entry === undefined) this.bad++
        else this.#take(entry)
      }
    }
    const end = bytes.lastIndexOf(NEWLINE) + 1
    if (end > 0) this.#last = bytes.slice(lineBefore(bytes, end), end)
  }

  /** After the line that was read last, which has a hash of its own; where it is gone, everything that is there is new. */
  #next(bytes: Uint8Array): number {
    const from = begin(bytes, this.#bounds)
    const last = this.#last
    if (last === undefined) return from
    for (let end = bytes.lastIndexOf(NEWLINE) + 1; end > from; ) {
      const at = lineBefore(bytes, end)
      if (end - at === last.length && last.every((byte, i) => bytes[at + i] === byte)) return end
      end = at
    }
    return from
  }
}

/** Where the line begins that ends right before `end`. */
function lineBefore(bytes: Uint8Array, end: number): number {
  return end < 2 ? 0 : bytes.lastIndexOf(NEWLINE, end - 2) + 1
}
