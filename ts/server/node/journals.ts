/**
 * The sources that journals make: one for each tuner, followed as they grow. Journals that are no tuner's (those of a reflex or of
 * operations) are left out.
 */
import { wallTimeMs } from '../../clock.js'
import { invalid } from '../../errors.js'
import type { JournalEntry } from '../../tuner/events.js'
import type { Listener, TunerSource } from '../sources.js'
import type { Feed, FeedReader } from './feed.js'
import { JournalTuner } from './journal-source.js'

const FOLLOW_MS = 500

export interface JournalsOptions {
  readonly feeds: readonly Feed[]
  readonly points: number
  readonly controlFile: string | undefined
}

/** What makes a source once somebody listens, and how many lines were no entries. */
export interface Journals {
  readonly names: readonly string[]
  readonly bad: number
  readonly sources: readonly ((listener: Listener) => TunerSource)[]
  /** After the sources were made: reads what is there, and follows from then on. */
  begin(): Promise<void>
}

interface Opened extends Timing {
  readonly feed: Feed
  readonly name: string
  readonly start: JournalEntry
  /** The journal does not have its first entry any more. */
  readonly pruned: boolean
}

export async function openJournals({ feeds, points, controlFile }: JournalsOptions): Promise<Journals> {
  const looked = await Promise.all(feeds.map(lookAt))
  const tuners = named(looked.filter((one) => one !== undefined))
  if (tuners.length === 0) {
    const range = 'a journal of a tuner, with the first entry of a run or the file that keeps it'
    throw invalid('journal', range, feeds.map(({ title }) => title).join(', '))
  }
  const followed: Followed[] = []
  return {
    names: tuners.map(({ name }) => name),
    get bad() {
      return followed.reduce((sum, { reader }) => sum + reader.bad, 0)
    },
    sources: tuners.map((one) => (listener) => {
      const made = follow(one, listener, points, controlFile)
      followed.push(made)
      return made.source
    }),
    begin: async () => {
      await Promise.all(followed.map((one) => one.begin()))
    },
  }
}

interface Followed {
  readonly source: TunerSource
  readonly reader: FeedReader
  begin(): Promise<void>
}

function follow(opened: Opened, listener: Listener, points: number, controlFile: string | undefined): Followed {
  const { feed, name, start, pruned, originMs } = opened
  // Told of what happens from now on, not of what was before anybody listened.
  let telling = false
  const quiet: Listener = { changed: (change) => telling && listener.changed(change) }
  const source = new JournalTuner(start, { name, points, controlFile, listener: quiet, originMs, pruned })
  const reader = feed.reader((entry) => source.take(entry))
  let timer: ReturnType<typeof setTimeout> | undefined
  let closed = false
  const next = (): void => {
    if (closed) return
    timer = setTimeout(() => {
      // A store that is away now is asked again.
      void reader.read().then(next, next)
    }, FOLLOW_MS)
    timer.unref()
  }
  source.close = () => {
    closed = true
    clearTimeout(timer)
  }
  const begin = async (): Promise<void> => {
    await reader.read()
    telling = true
    next()
  }
  return { source, reader, begin }
}

interface Timing {
  /** Wall time at 0 of the clock of the run that began first. */
  readonly originMs: number
}

/** What a journal begins with, and when that was; undefined: it is no tuner's. */
async function lookAt(feed: Feed): Promise<Omit<Opened, 'name'> | undefined> {
  const written = await feed.written()
  const kept = await feed.start()
  let start: JournalEntry | undefined
  let pruned = false
  let lastUs = 0
  let shiftUs = 0
  let writtenUs: number | undefined
  const reader = feed.reader((entry) => {
    const begins = isStart(entry)
    if (start === undefined) {
      // Without its beginning a journal is that of the run whose beginning was kept.
      pruned = !begins && kept?.run_id === entry.run_id && isStart(kept)
      if (!begins && !pruned) return
      start = begins ? entry : kept
      lastUs = entry.time_us
    } else if (begins) shiftUs = lastUs - entry.time_us
    lastUs = Math.max(lastUs, entry.time_us + shiftUs)
    if (written?.of?.seq === entry.seq && written.of.runId === entry.run_id) writtenUs = lastUs
  })
  await reader.read()
  if (start === undefined) return undefined
  const originMs = (written?.atMs ?? wallTimeMs()) - (writtenUs ?? lastUs) / 1000
  return { feed, start, pruned, originMs }
}

const isStart = ({ event, payload }: JournalEntry): boolean => event === 'start' && Array.isArray(payload.knobs)

/** A tuner's own name; that of its log where several have one. */
function named(looked: readonly Omit<Opened, 'name'>[]): Opened[] {
  const own = looked.map(({ start }) => String(start.payload.name))
  return looked.map((one, i) => {
    const name = own[i] as string
    return { ...one, name: own.indexOf(name) === own.lastIndexOf(name) ? name : one.feed.title.slice(0, 64) }
  })
}
