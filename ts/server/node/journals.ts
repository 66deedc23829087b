/**
 * The sources that journals make: one for each tuner, followed as they grow, and as new ones come. Journals that are no tuner's (those of
 * a reflex or of operations) are left out.
 *
 * What was written before is read in pieces, and while it is read the server answers. A folder or a store that is away for a moment is
 * asked again; what was read stays.
 */
import { wallTimeMs } from '../../clock.js'
import type { JournalEntry } from '../../tuner/events.js'
import { type Feed, type FeedReader, isStart, type Run } from '../journal/feed.js'
import { RunClock } from '../journal/run-clock.js'
import type { Listener, TunerSource } from '../sources.js'
import { JournalTuner } from './journal-source.js'

const FOLLOW_MS = 500
/** How often it is looked for journals of other tuners. */
const LOOK_MS = 2000
/** How long it is waited for what was written before, until it is shown while it is read. */
const BEGIN_MS = 2000

export interface JournalsOptions {
  /** The journals that there are now. */
  find(): Promise<readonly Feed[]>
  readonly points: number
  readonly controlFile: string | undefined
  /** Shows a tuner; false where there is one of this name. */
  add(make: (listener: Listener) => TunerSource): boolean
}

interface Known {
  readonly title: string
  readonly name: string
  readonly followed: Followed
}

export class Journals {
  readonly #options: JournalsOptions
  readonly #known: Known[] = []
  /** Those of other things than tuners. */
  readonly #others = new Set<string>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #closed = false

  constructor(options: JournalsOptions) {
    this.#options = options
  }

  /** Tuners that are followed. */
  get names(): readonly string[] {
    return this.#known.map(({ name }) => name)
  }

  /** Lines that were no entries. */
  get bad(): number {
    return this.#known.reduce((sum, { followed }) => sum + followed.reader.bad, 0)
  }

  /** Begins with what there is. Returns when that was read, or after a while. Throws what `find` throws. */
  async begin(): Promise<void> {
    const begun = await this.#look()
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, BEGIN_MS)
    })
    await Promise.race([Promise.all(begun), late])
    clearTimeout(timer)
    this.#again()
  }

  #again(): void {
    if (this.#closed) return
    const again = (): void => this.#again()
    this.#timer = setTimeout(() => void this.#look().then(again, again), LOOK_MS)
    this.#timer.unref()
  }

  /** Takes in what is new; what it gives ends when all of that was read. */
  async #look(): Promise<Promise<void>[]> {
    const feeds = await this.#options.find()
    const fresh = feeds.filter(
      ({ title }) => !this.#others.has(title) && this.#known.every((one) => one.title !== title),
    )
    const looked = await Promise.all(fresh.map((feed) => this.#lookAt(feed)))
    const opened = looked.filter((one) => one !== undefined)
    const own = opened.map(({ start }) => String(start.payload.name))
    return opened.flatMap((one, i) => {
      const name = own[i] as string
      // A tuner's own name; that of its log where several have one.
      const single = own.indexOf(name) === own.lastIndexOf(name) && !this.names.includes(name)
      return this.#follow(one, single ? name : one.feed.title.slice(0, 64))
    })
  }

  #follow(opened: Opened, name: string): Promise<void>[] {
    let followed: Followed | undefined
    const { points, controlFile, add } = this.#options
    const added = add((listener) => {
      followed = new Followed(opened, { name, points, controlFile, listener })
      return followed.source
    })
    if (followed === undefined || !added) {
      this.#others.add(opened.feed.title)
      return []
    }
    this.#known.push({ title: opened.feed.title, name, followed })
    return [followed.begin()]
  }

  async #lookAt(feed: Feed): Promise<Opened | undefined> {
    const runs = await feed.runs()
    // Made, and not yet written to.
    if (runs.length === 0) return undefined
    const opened = await openedOf(feed, runs)
    if (opened === undefined) this.#others.add(feed.title)
    return opened
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    for (const { followed } of this.#known) followed.source.close()
  }
}

interface Opened {
  readonly feed: Feed
  readonly start: JournalEntry
  /** The journal does not have its first entry any more. */
  readonly pruned: boolean
  readonly clock: RunClock
}

interface FollowedParts {
  readonly name: string
  readonly points: number
  readonly controlFile: string | undefined
  readonly listener: Listener
}

class Followed {
  readonly source: TunerSource
  readonly reader: FeedReader
  #timer: ReturnType<typeof setTimeout> | undefined
  #closed = false
  /** Told of what happens from now on, not of what was before anybody listened. */
  #telling = false

  constructor({ feed, start, pruned, clock }: Opened, { name, points, controlFile, listener }: FollowedParts) {
    const quiet: Listener = { changed: (change) => this.#telling && listener.changed(change) }
    const source = new JournalTuner(start, { name, points, controlFile, listener: quiet, clock, pruned })
    let begun = pruned
    this.source = source
    this.reader = feed.reader((entry) => {
      begun ||= isStart(entry)
      if (begun) source.take(entry)
    })
    source.close = () => {
      this.#closed = true
      clearTimeout(this.#timer)
    }
  }

  /** Ends when what was there was read once; goes on from then on, and where that could not be read. */
  async begin(): Promise<void> {
    try {
      await this.reader.read()
      this.#telling = true
    } catch {
      // Away now: asked again.
    }
    if (this.#closed) return
    this.#timer = setTimeout(() => void this.begin(), FOLLOW_MS)
    this.#timer.unref()
  }
}

/** What a journal begins with, and when that was; undefined: it is no tuner's. */
async function openedOf(feed: Feed, runs: readonly Run[]): Promise<Opened | undefined> {
  const [written, kept] = [await feed.written(), await feed.start()]
  // Without its beginning a journal is that of the run whose beginning was kept.
  const at = runs.findIndex(
    ({ first }) => isStart(first) || (kept !== undefined && isStart(kept) && kept.run_id === first.run_id),
  )
  const begin = runs[at]?.first
  if (begin === undefined) return undefined
  const pruned = !isStart(begin)
  const known = runs.slice(at)
  const of = written?.of
  const found = of === undefined ? -1 : known.findLastIndex(({ first }) => first.run_id === of.runId)
  const run = found < 0 ? known.length - 1 : found
  const us = found < 0 ? (known[run] as Run).lastUs : (of?.timeUs as number)
  const clock = new RunClock(known, { run, originMs: (written?.atMs ?? wallTimeMs()) - us / 1000 })
  return { feed, start: pruned ? (kept as JournalEntry) : begin, pruned, clock }
}
