/**
 * Brings what the core tells to listeners, kernels, library and journal: soon after each run, every {@link PERIOD_MS} while
 * something goes on beside the runs, and now and then at rest.
 */
import type { ForgeCore } from '../forge-binding.js'
import { detailsOf, type Events, type ForgeEvents, NOTHING, stepOf } from './events.js'
import type { Kernel } from './kernel.js'
import { anotherVersion, type LibraryStore, type LineSink, versionsIn } from './library.js'
import { Outbox } from './outbox.js'

const PERIOD_MS = 20
/** The same while somebody waits for what it finds; at first more often, since a library's kernel takes no longer than to be proven. */
const AWAITED_PERIOD_MS = 8
const AWAITED_FIRST_MS = 2
const AWAITED_FIRST_TURNS = 64
/** While a device is lost and may come back, and how often that is looked for. */
const LOST_PERIOD_MS = 250
const LOST_TURNS_MAX = 400
/** How often others are asked what they learned, while runs come in: what they found wrong answers no longer than that. */
const REFRESH_US = 1_000_000
/** While nothing goes on: a device can be lost at rest, too. */
const IDLE_PERIOD_MS = 1000
/** Kernels that are asked where they stand in one turn of the event loop. */
const ASKED_AT_ONCE = 16

export class Pump {
  readonly #core: ForgeCore
  readonly #events: Events
  readonly #kernels: ReadonlyMap<number, Kernel<string, unknown>>
  #library: LibraryStore | undefined
  readonly #journal: Outbox
  #lines: Outbox
  #timer: ReturnType<typeof setTimeout> | undefined
  #timerMs = 0
  /** Turns since somebody began to wait. */
  #awaited = 0
  #turning: Promise<void> | undefined
  #ended = false
  #refreshing: Promise<void> | undefined
  readonly #nowUs: () => number
  #refreshedUs: number
  /** Turns that are left to look for a device that was lost. */
  #lost = 0

  constructor(
    core: ForgeCore,
    events: Events,
    kernels: ReadonlyMap<number, Kernel<string, unknown>>,
    library: LibraryStore | undefined,
    journal: LineSink | undefined,
    nowUs: () => number,
  ) {
    this.#nowUs = nowUs
    this.#refreshedUs = nowUs()
    this.#core = core
    this.#events = events
    this.#kernels = kernels
    this.#library = library
    const again = (): void => this.stir()
    // Taken even where nobody keeps it: what cannot be recorded is not promoted, and what is not taken is memory.
    this.#journal = new Outbox(() => core.takeJournal(), journal, again)
    this.#lines = new Outbox(() => core.takeLibrary(), library, again)
  }

  /** Looks soon, unless that is already so. */
  stir(afterMs?: number): void {
    if (this.#ended) return
    const awaited = [...this.#kernels.values()].some((kernel) => kernel.isAwaited)
    if (!awaited) this.#awaited = 0
    const soon = this.#awaited < AWAITED_FIRST_TURNS ? AWAITED_FIRST_MS : AWAITED_PERIOD_MS
    this.#set(afterMs ?? (awaited ? soon : PERIOD_MS))
    // A search keeps no process alive, but whoever waits for what it finds does.
    const timer = this.#timer as { ref?: () => void; unref?: () => void }
    if (awaited) timer.ref?.()
    else timer.unref?.()
  }

  /** Looks in so many milliseconds, where that is sooner than it would have been. */
  #set(ms: number): void {
    if (this.#timer !== undefined && ms >= this.#timerMs) return
    clearTimeout(this.#timer)
    this.#timerMs = ms
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#awaited++
      this.#turning = this.#turn().then(() => {
        if ([...this.#kernels.values()].some((kernel) => kernel.isBusy)) this.stir()
        else this.stir(this.#lost-- > 0 ? LOST_PERIOD_MS : IDLE_PERIOD_MS)
      })
    }, ms)
  }

  async #turn(last = false): Promise<void> {
    if (!last && this.#nowUs() - this.#refreshedUs >= REFRESH_US) await this.refresh()
    await this.#trying(this.#tell())
    await this.#trying(this.#journal.empty(last))
    await this.#trying(this.#lines.empty(last))
  }

  async #trying(work: Promise<void>): Promise<void> {
    try {
      await work
    } catch (error) {
      this.#events.emit('trouble', { error: error as Error })
    }
  }

  async #tell(): Promise<void> {
    const { events, dropped } = await this.#core.takeEvents()
    if (dropped > 0) this.#events.emit('gap', { ...NOTHING, reason: `${dropped} events were dropped` })
    for (const event of events) {
      const step = stepOf(event)
      if (step === undefined) continue
      const details = detailsOf(event)
      if (step === 'deviceLost') this.#lost = LOST_TURNS_MAX
      else if (step === 'attached') this.#lost = 0
      if (event.kernel !== undefined) this.#kernels.get(event.kernel)?.note(step, details)
      else if (step === 'deviceLost' || step === 'attached')
        for (const kernel of this.#kernels.values()) kernel.note(step, details)
      this.#events.emit(step, details)
    }
    if (dropped > 0) await this.#resync()
  }

  /** Whoever waits for a step that was dropped would wait for ever. */
  async #resync(): Promise<void> {
    let asked = 0
    for (const kernel of [...this.#kernels.values()]) {
      await kernel.resync()
      if (++asked % ASKED_AT_ONCE === 0) await new Promise((resolve) => setTimeout(resolve, 0))
    }
  }

  /** Takes what others appended to the library, where it can tell. Several calls at once are one. */
  refresh(): Promise<void> {
    const grown = this.#library?.grown?.bind(this.#library)
    this.#refreshedUs = this.#nowUs()
    if (grown === undefined) return Promise.resolve()
    this.#refreshing ??= this.#trying(
      grown().then(async (bytes) => {
        if (bytes !== undefined) await this.#core.readLibrary(bytes)
      }),
    ).finally(() => {
      this.#refreshing = undefined
    })
    return this.#refreshing
  }

  /** Reads the library. Single lines are passed over and counted; one of which this version understands nothing is refused. */
  async recall(): Promise<ForgeEvents['library'] | undefined> {
    const bytes = await this.#library?.load()
    if (bytes === undefined) return undefined
    const [taken = 0, damaged = 0, otherVersion = 0] = await this.#core.readLibrary(bytes)
    if (taken === 0 && otherVersion > 0) {
      const { name } = this.#library as { readonly name?: unknown }
      const versions = versionsIn(new TextDecoder().decode(bytes))
      throw anotherVersion(typeof name === 'string' ? `'${name}'` : undefined, versions)
    }
    return { taken, damaged, otherVersion }
  }

  /** Does without the library. */
  forget(): void {
    this.#library = undefined
    this.#lines = new Outbox(
      () => this.#core.takeLibrary(),
      undefined,
      () => this.stir(),
    )
  }

  /** A last look. */
  async end(): Promise<void> {
    this.#ended = true
    clearTimeout(this.#timer)
    await this.#turning
    await this.#turn(true)
  }
}
