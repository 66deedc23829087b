/**
 * Where the entries of one journal come from, as they are now and as they are written: a folder's segments, a log of a store, a
 * sink's memory. What serves journals of other processes and what shows a live tuner's past read through the same.
 */
import type { JournalEntry } from '../../tuner/events.js'

/** A run as its journal has it. */
export interface Run {
  /** Its first entry that is still there. */
  readonly first: JournalEntry
  /** When its last one was, on its own clock. */
  readonly lastUs: number
}

export interface Feed {
  /** The tuner, or the log. */
  readonly title: string
  /** A reader that begins with the oldest entry that is still there, or within `bounds`; it reads what was not read yet. */
  reader(take: (entry: JournalEntry) => void, bounds?: Bounds): FeedReader
  /** The runs that are there, or that a reader of the same bounds meets, the oldest first, without reading all of them. */
  runs(bounds?: Bounds): Promise<readonly Run[]>
  /** The first entry of the latest run, where it was kept apart from the journal, which may have lost it. */
  start(): Promise<JournalEntry | undefined>
  /** Wall time of an entry, or of the last one; undefined: not known. */
  written(): Promise<
    { readonly atMs: number; readonly of?: { readonly runId: string; readonly timeUs: number } } | undefined
  >
}

/** How much is read where the reader shares a thread with what it is about; also, in smaller pieces. Counted from the end. */
export interface Bounds {
  /** Of so many bytes everything is read. */
  readonly wholeBytes: number
  /** Of so many bytes, what was decided and told; windows and probes are passed over. */
  readonly bytes: number
}

export interface FeedReader {
  read(): Promise<void>
  /** Lines that were no entries. */
  readonly bad: number
}

/** Of which there is one for every window. */
export const PER_WINDOW: readonly string[] = ['window', 'shadow']
/** What a probe is proposed and applied by. */
export const OF_PROBES: readonly string[] = ['proposal', 'apply']

/** What nearly all of a journal is, and tells least of it: windows and probes. */
export const isBulk = ({ event, payload }: JournalEntry): boolean =>
  PER_WINDOW.includes(event) || (payload.kind === 'probe' && OF_PROBES.includes(event))

/** Undefined for what is none. */
export function entryOf(text: string): JournalEntry | undefined {
  try {
    const entry = JSON.parse(text) as JournalEntry
    return typeof entry.event === 'string' && typeof entry.payload === 'object' && entry.payload !== null
      ? entry
      : undefined
  } catch {
    return undefined
  }
}

export const isStart = ({ event, payload }: JournalEntry): boolean => event === 'start' && Array.isArray(payload.knobs)
