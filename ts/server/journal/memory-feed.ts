/** The journal that a sink holds in memory. */
import type { JournalEntry } from '../../tuner/events.js'
import { type Bounds, entryOf, type Feed, type FeedReader, type Run } from './feed.js'

/** Lines between which the event loop has its turn: about a millisecond of work. */
const LINES = 200

export function memoryFeed(title: string, held: () => Uint8Array): Feed {
  return {
    title,
    reader: (take, bounds) => new MemoryReader(held, take, bounds),
    runs: async () => {
      const lines = linesOf(held())
      const runs: Run[] = []
      let last = ''
      const end = (): void => {
        const run = runs.pop()
        if (run !== undefined) runs.push({ ...run, lastUs: entryOf(last)?.time_us ?? run.lastUs })
      }
      for (const line of lines) {
        const first = runs.length === 0 || line.includes('"event":"start"') ? entryOf(line) : undefined
        if (first !== undefined && (runs.length === 0 || first.event === 'start')) {
          end()
          runs.push({ first, lastUs: first.time_us })
        }
        last = line
      }
      end()
      return runs
    },
    start: async () => undefined,
    written: async () => undefined,
  }
}

const decoder = new TextDecoder()

/** Whole lines; of more than `most` bytes the newest, from the first that begins within them. */
function linesOf(bytes: Uint8Array, most = Number.POSITIVE_INFINITY): string[] {
  const cut = Math.max(0, bytes.length - most)
  const lines = decoder.decode(bytes.subarray(cut)).split('\n')
  lines.pop()
  return cut > 0 ? lines.slice(1) : lines
}

class MemoryReader implements FeedReader {
  bad = 0
  readonly #held: () => Uint8Array
  readonly #take: (entry: JournalEntry) => void
  readonly #bounds: Bounds | undefined
  #last: string | undefined

  constructor(held: () => Uint8Array, take: (entry: JournalEntry) => void, bounds: Bounds | undefined) {
    this.#held = held
    this.#take = take
    this.#bounds = bounds
  }

  async read(): Promise<void> {
    const lines = linesOf(this.#held(), this.#bounds?.wholeBytes)
    // Every line has a hash of its own.
    let at = this.#last === undefined ? 0 : lines.lastIndexOf(this.#last) + 1
    this.#last = lines.at(-1) ?? this.#last
    for (; at < lines.length; at++) {
      const entry = entryOf(lines[at] as string)
      if (entry === undefined) this.bad++
      else this.#take(entry)
      if (at % LINES === LINES - 1) await new Promise((resolve) => setTimeout(resolve, 0))
    }
  }
}
