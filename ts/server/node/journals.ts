/**
 * The sources that a folder of journals makes: one for each tuner, followed as they grow. Journals that are no tuner's (those of a
 * reflex or of operations) are left out.
 */
import { invalid } from '../../errors.js'
import type { JournalEntry } from '../../tuner/events.js'
import type { Listener, TunerSource } from '../sources.js'
import { Follower, writtenMs } from './follow.js'
import { JournalTuner } from './journal-source.js'

const FOLLOW_MS = 500

export interface JournalsOptions {
  /** The segments of each journal, as they are now. */
  journals(): readonly { readonly title: string; readonly files: readonly string[] }[]
  readonly points: number
  readonly controlFile: string | undefined
}

/** What makes a source once somebody listens, and how many lines were no entries. */
export interface Journals {
  readonly names: readonly string[]
  readonly bad: number
  readonly sources: readonly ((listener: Listener) => TunerSource)[]
}

export function openJournals({ journals, points, controlFile }: JournalsOptions): Journals {
  const opened = journals().map(({ title, files }) => {
    return { title, files, ...firstEntries(files) }
  })
  const tuners = opened.filter((one) => one.start !== undefined)
  if (tuners.length === 0)
    throw invalid('journal', 'a journal of a tuner that has its beginning', opened.map(({ title }) => title).join(', '))
  let bad = 0
  return {
    names: tuners.map(({ start }) => String(start?.payload.name)),
    get bad() {
      return bad
    },
    sources: tuners.map(({ title, start, lastUs, files }) => (listener) => {
      // Told of what happens from now on, not of what was before anybody listened.
      let telling = false
      const quiet: Listener = { changed: (change) => telling && listener.changed(change) }
      const originMs = writtenMs(files.at(-1) as string) - lastUs / 1000
      const source = new JournalTuner(start as JournalEntry, { points, controlFile, listener: quiet, originMs })
      const filesNow = () => journals().find((one) => one.title === title)?.files ?? []
      const follower = new Follower(filesNow, (entry) => source.take(entry))
      follower.read()
      telling = true
      const timer = setInterval(() => {
        follower.read()
        bad = follower.bad
      }, FOLLOW_MS)
      timer.unref()
      source.close = () => clearInterval(timer)
      return source
    }),
  }
}

/** The first entry that begins a tuner's run, and how long all runs took together on their own clocks. */
function firstEntries(files: readonly string[]): { start: JournalEntry | undefined; lastUs: number } {
  let start: JournalEntry | undefined
  let beganUs = 0
  let lastUs = 0
  let shiftUs = 0
  new Follower(
    () => files,
    (entry) => {
      if (entry.event === 'start' && Array.isArray(entry.payload.knobs)) {
        if (start === undefined) {
          start = entry
          beganUs = entry.time_us
          lastUs = beganUs
        } else shiftUs = lastUs - entry.time_us
      }
      if (start !== undefined) lastUs = Math.max(lastUs, entry.time_us + shiftUs)
    },
  ).read()
  return { start, lastUs }
}
