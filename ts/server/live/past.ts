/**
 * What a tuner's journal has from before anybody looked: its earlier runs, and this one until now. Read in small pieces, since it is
 * read in the process that the tuner regulates, and bounded: series and probes of the newest 32 MB of journal, other changes of
 * the newest 256 MB.
 */
import type { KnobConfig } from '../../binding.js'
import { eventOf, type JournalEntry } from '../../tuner/events.js'
import type { Change } from '../api/state.js'
import type { Bounds, Feed } from '../journal/feed.js'
import { RunClock } from '../journal/run-clock.js'
import { Trace } from '../trace/trace.js'

export const BOUNDS: Bounds = { wholeBytes: 32 * 2 ** 20, bytes: 256 * 2 ** 20 }
/** How long it is waited for what is on its way to the medium. */
const DURABLE_MS = 2000
const POLL_MS = 20

export interface PastParts {
  readonly name: string
  readonly knobs: readonly KnobConfig[]
  readonly runId: string
  readonly feed: Feed
  readonly stats: { readonly taken: number; readonly written: number; readonly dropped: number }
  /** Windows that are kept. */
  readonly points: number
  /** Wall time, in milliseconds, at 0 of the clock of the run that is. */
  readonly originMs: number
  tell(change: Change): void
}

export interface Past {
  readonly trace: Trace
  /** The last entry of this run that is in it. */
  readonly seq: number
}

/** Undefined where the medium is behind: what is missing in the middle would never come. Throws what the medium throws. */
export async function readPast(parts: PastParts): Promise<Past | undefined> {
  const { name, knobs, runId, feed, points, originMs, tell } = parts
  if (!(await durable(parts.stats))) return undefined
  const runs = await feed.runs(BOUNDS)
  if (runs.at(-1)?.first.run_id !== runId) return undefined
  const clock = new RunClock(runs, { run: runs.length - 1, originMs })
  const trace = new Trace({ name, knobs, points, atMs: (timeUs) => clock.atMs(timeUs), tell })
  // The first thing that is read may lie in the middle of a run.
  for (const knob of knobs) trace.know(knob.name, Number.NaN, Number.NaN)
  let last: JournalEntry | undefined
  const take = (entry: JournalEntry): void => {
    last = entry
    clock.take(entry)
    const event = eventOf(entry)
    if (event !== undefined) trace.take(event)
  }
  await feed.reader(take, BOUNDS).read()
  return last?.run_id === runId ? { trace, seq: last.seq } : undefined
}

/** Whether all that a sink took until now is where it can be read, soon. */
async function durable(stats: PastParts['stats']): Promise<boolean> {
  const { taken } = stats
  for (let waitedMs = 0; stats.written + stats.dropped < taken; waitedMs += POLL_MS) {
    if (waitedMs >= DURABLE_MS) return false
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  return true
}
