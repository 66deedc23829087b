/**
 * Brings what the core tells to listeners, kernels, library and journal: soon after each run, and every {@link PERIOD_MS} while
 * something goes on beside the runs.
 */
import type { ForgeCore } from '../forge-binding.js'
import { detailsOf, type Events, type ForgeEvents, stepOf } from './events.js'
import type { Kernel } from './kernel.js'
import type { LibraryStore, LineSink } from './library.js'

const PERIOD_MS = 20
/** While a device is lost and may come back, and how often that is looked for. */
const LOST_PERIOD_MS = 250
const LOST_TURNS_MAX = 400

export class Pump {
  readonly #core: ForgeCore
  readonly #events: Events
  readonly #kernels: ReadonlyMap<number, Kernel<string, unknown>>
  #library: LibraryStore | undefined
  readonly #journal: LineSink | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #turning: Promise<void> | undefined
  #ended = false
  /** Turns that are left to look for a device that was lost. */
  #lost = 0

  constructor(
    core: ForgeCore,
    events: Events,
    kernels: ReadonlyMap<number, Kernel<string, unknown>>,
    library: LibraryStore | undefined,
    journal: LineSink | undefined,
  ) {
    this.#core = core
    this.#events = events
    this.#kernels = kernels
    this.#library = library
    this.#journal = journal
  }

  /** Looks soon, unless that is already so. */
  stir(afterMs = PERIOD_MS): void {
    if (this.#ended) return
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#turning = this.#turn().then(() => {
        if ([...this.#kernels.values()].some((kernel) => kernel.isBusy)) this.stir()
        else if (this.#lost-- > 0) this.stir(LOST_PERIOD_MS)
      })
    }, afterMs)
    // A search keeps no process alive, but whoever waits for what it finds does.
    const timer = this.#timer as { ref?: () => void; unref?: () => void }
    if ([...this.#kernels.values()].some((kernel) => kernel.isAwaited)) timer.ref?.()
    else timer.unref?.()
  }

  async #turn(): Promise<void> {
    try {
      for (const event of await this.#core.takeEvents()) {
        const step = stepOf(event)
        if (step === undefined) continue
        const details = detailsOf(event)
        if (step === 'deviceLost') this.#lost = LOST_TURNS_MAX
        else if (step === 'attached') this.#lost = 0
        if (event.kernel === undefined) for (const kernel of this.#kernels.values()) kernel.note(step, details)
        else this.#kernels.get(event.kernel)?.note(step, details)
        this.#events.emit(step, details)
      }
      await this.#keep()
    } catch (error) {
      this.#events.emit('trouble', { error: error as Error })
    }
  }

  async #keep(): Promise<void> {
    // Taken even where nobody keeps it: what cannot be recorded is not promoted.
    const journal = await this.#core.takeJournal()
    if (journal !== '') await this.#journal?.append(journal)
    if (this.#library === undefined) return
    const lines = await this.#core.takeLibrary()
    if (lines !== '') await this.#library.append(lines)
  }

  /** Reads the library. */
  async recall(): Promise<ForgeEvents['library'] | undefined> {
    const bytes = await this.#library?.load()
    if (bytes === undefined) return undefined
    const [taken = 0, damaged = 0, otherVersion = 0] = await this.#core.readLibrary(bytes)
    return { taken, damaged, otherVersion }
  }

  /** Does without the library. */
  forget(): void {
    this.#library = undefined
  }

  /** A last look. */
  async end(): Promise<void> {
    this.#ended = true
    clearTimeout(this.#timer)
    await this.#turning
    await this.#turn()
  }
}
