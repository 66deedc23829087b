/**
 * The reflex of a process: watches components, opens their breakers, finds cascades, sheds load and takes all of it back in stages.
 *
 * Time passes with the calls, and every 100 ms by itself on a timer that keeps nothing alive. Events go to memory and are
 * drained then. Nothing here rejects a call but the core; where that panicked, every call passes and `trouble` says so.
 */
import type { Clock } from '../../clock.js'
import { HomeostatError, isHomeostatError } from '../../errors.js'
import { type JournalSink, MemorySink } from '../../journal/sink.js'
import { CHANGED, type ReflexCore } from '../../reflex-binding.js'
import { camel } from '../gate.js'
import { Listeners } from '../listeners.js'
import { checkName } from '../resolve.js'
import { openBatch, relabel } from './batch.js'
import { Component, type ComponentReport, type Owner } from './component.js'
import { EventWriter, errorName } from './event-writer.js'
import { deliver, REFLEX_EVENTS, type ReflexEvents } from './events.js'
import { type ComponentOptions, componentConfig, type ResolvedReflex } from './options.js'
import { Witness } from './witness.js'

const TICK_MS = 100
const ERRORS_MAX = 255
const JOURNAL_BYTES = 65_536
/** How often in a row listeners may cause what they are told of next. */
const TURNS_MAX = 8
/** No component has this handle. */
const NOBODY = 0xffff_ffff

/** Options of a component that another process tells of: nobody calls it here, so there is nothing to hold back. */
const ELSEWHERE = '{"remote":true}'

/** How the process does. */
export interface Health {
  readonly state: 'healthy' | 'degraded' | 'cascade'
  readonly components: number
  readonly openBreakers: number
  readonly patternsLearned: number
  readonly violations: number
  readonly cascades: number
  /** Of the last five minutes. */
  readonly recentWitnesses: number
  /** Changes for the better: of limits, and what `optimised()` told. */
  readonly optimisationsApplied: number
  readonly ongoingWitness: number | null
  /** From this tier on load is shed; 5: none is. */
  readonly shedFromTier: number
  readonly inFlight: number
  readonly openRequests: number
  readonly events: number
  /** What all that is kept may take at most, in bytes, whatever happens. */
  readonly bytesMax: number
  /** Exact counts of what was left out, by what. */
  readonly dropped: Readonly<Record<string, number>>
  /** The 256 that were touched most recently. */
  readonly componentStates: readonly ComponentReport[]
}

/** A learned sequence of calls. */
export interface Pattern {
  readonly pattern: string
  readonly entry: string
  readonly calls: readonly string[]
  readonly count: number
  readonly expectedUs: number
  readonly deviationUs: number
}

export class Reflex implements Owner {
  /** @internal */
  readonly core: ReflexCore
  /** @internal */
  readonly clock: Clock
  /** Tells what happens between components; see `EventWriter`. */
  readonly events: EventWriter
  readonly #listeners = new Listeners<ReflexEvents>(REFLEX_EVENTS)
  readonly #errors = new Map<string, number>()
  readonly #sink: JournalSink
  readonly #manual: boolean
  #timer: ReturnType<typeof setInterval> | undefined
  #dueUs = 0
  #delivering = false
  #closed = false
  #troubled = false

  constructor(core: ReflexCore, resolved: ResolvedReflex) {
    this.core = core
    this.clock = resolved.clock
    this.#sink = resolved.sink ?? new MemorySink(resolved.memory)
    this.#manual = resolved.manual
    this.events = new EventWriter(
      resolved.clock,
      resolved.ring,
      (error) => this.classOf(error),
      (records) => void this.core.ingest(records, this.clock.nowUs()),
    )
  }

  /**
   * The component of this name, made where there is none; one that is there keeps the options it was made with. Throws
   * `HOMEOSTAT_CAPACITY` where there is no room and none may give way.
   */
  component(name: string, options: ComponentOptions = {}): Component {
    checkName('name', name)
    const { isFailure, isFailureResult } = options
    const component = new Component(this, name, componentConfig(options), { isFailure, isFailureResult })
    if (component.handle < 0)
      throw new HomeostatError(
        'HOMEOSTAT_CAPACITY',
        `there is no room for component ${name}: every other one is in use`,
      )
    return component
  }

  /** Forgets a component; its permits are void. */
  forget(component: Component): boolean {
    this.#drain()
    return this.core.forget(component.handle)
  }

  /**
   * Takes events that a `recorder()` of another process or thread wrote; how many were taken. Nothing in them is believed: what is
   * malformed is counted and skipped, and a batch that is none throws `HOMEOSTAT_INVALID_OPTION`.
   */
  ingest(batch: unknown): number {
    const { nowUs, names, errors, records } = openBatch(batch)
    const handles = new Map<number, number>()
    const component = (place: number): number => {
      let handle = handles.get(place)
      if (handle === undefined) {
        const name = names[place]
        const known = typeof name === 'string' && name !== '' && name.length <= 128
        handle = known ? this.#intern(name) : NOBODY
        handles.set(place, handle)
      }
      return handle
    }
    const error = (place: number): number => {
      const name = errors[place - 1]
      return typeof name === 'string' ? this.#classNamed(name.slice(0, 64)) : 0
    }
    // Two monotonic clocks share no origin: an event is as old here as it was there.
    const shift = this.clock.nowUs() - nowUs
    relabel(records, { component, error, timeUs: (us) => Math.max(0, us + shift) })
    this.#drain()
    const taken = this.core.ingest(records, this.clock.nowUs())
    this.deliver()
    return taken
  }

  #intern(name: string): number {
    try {
      const handle = this.intern(name, ELSEWHERE)
      return handle < 0 ? NOBODY : handle
    } catch {
      return NOBODY
    }
  }

  /**
   * Something about a component was changed for the better, by the application or a tuner: counted in its health, and journaled. `what`: 1
   * to 128 bytes. False where the component is not known any more.
   */
  optimised(component: Component, what: string): boolean {
    checkName('what', what)
    return this.core.optimised(component.handle, what, this.clock.nowUs())
  }

  /** @internal */
  intern(name: string, options: string): number {
    return this.core.component(name, options, this.clock.nowUs())
  }

  /** @internal */
  classOf(error: unknown): number {
    return this.#classNamed(errorName(error))
  }

  #classNamed(name: string): number {
    const known = this.#errors.get(name)
    if (known !== undefined) return known
    if (this.#errors.size >= ERRORS_MAX) return 0
    const number = this.core.errorClass(name)
    this.#errors.set(name, number)
    return number
  }

  /** @internal */
  pass(nowUs: number): void {
    if (nowUs < this.#dueUs) return
    if (this.#manual) {
      this.#dueUs = Number.POSITIVE_INFINITY
      return
    }
    this.#tick(nowUs)
    // Not before the first call: some edge runtimes have timers only while they serve a request.
    if (this.#timer === undefined && !this.#closed) {
      this.#timer = setInterval(() => this.#tick(this.clock.nowUs()), TICK_MS)
      ;(this.#timer as { unref?: () => void }).unref?.()
    }
  }

  /** Lets time pass, for `tick: 'manual'`. */
  tick(): void {
    this.#tick(this.clock.nowUs())
  }

  #tick(nowUs: number): void {
    this.#dueUs = nowUs + TICK_MS * 1000
    try {
      this.#drain()
      if ((this.core.tick(nowUs) & CHANGED) !== 0) this.deliver()
      this.#journal()
    } catch (error) {
      this.#trouble(error)
    }
  }

  #drain(): void {
    this.events.drain()
  }

  #journal(): void {
    while (this.core.queued() > 0 && this.#sink.room() > 0) {
      this.#sink.write(this.core.takeJournal(Math.min(JOURNAL_BYTES, this.#sink.room())))
    }
  }

  #trouble(error: unknown): void {
    if (this.#troubled) return
    this.#troubled = true
    const known = isHomeostatError(error)
      ? error
      : new HomeostatError('HOMEOSTAT_INTERNAL', String(error), { cause: error })
    this.#listeners.emit('trouble', { error: known })
  }

  /** @internal */
  deliver(): void {
    // A listener may make calls of its own; what those cause is told after what it is being told of. Where there is no end to
    // that, the rest waits for the next call or tick: a listener must not hold up who called.
    if (this.#delivering) return
    this.#delivering = true
    try {
      for (let turn = 0; turn < TURNS_MAX; turn++) {
        const json = this.core.takeNotices()
        if (json === '[]') break
        deliver(json, this.#listeners)
      }
    } catch (error) {
      this.#trouble(error)
    } finally {
      this.#delivering = false
    }
  }

  /** Listens; returns how to stop. What a listener throws reaches nobody, and is counted in `listenerErrors`. */
  on<N extends keyof ReflexEvents>(event: N, listener: (event: ReflexEvents[N]) => unknown): () => void {
    return this.#listeners.on(event, listener)
  }

  get listenerErrors(): number {
    return this.#listeners.errors
  }

  /** From this tier on load is shed; 5: none is. */
  get shedsFrom(): number {
    return this.core.shedsFrom()
  }

  /** How the process does. */
  health(): Health {
    this.#drain()
    return camel(JSON.parse(this.core.health(this.clock.nowUs()))) as Health
  }

  /** Health in the OpenMetrics text format. */
  metrics(): string {
    this.#drain()
    return this.core.metrics(this.clock.nowUs())
  }

  /** The latest 64 cascades, oldest first. */
  witnesses(): Witness[] {
    return JSON.parse(this.core.witnesses()).map((one: never) => new Witness(one))
  }

  /** Call patterns that were learned, at most 256, the most recent ones first. */
  patterns(): Pattern[] {
    this.#drain()
    return camel(JSON.parse(this.core.patterns())) as Pattern[]
  }

  /** The journal in memory, as hash-chained JSON Lines; `verifyJournal` checks it. Empty where it goes elsewhere. */
  journal(): Uint8Array {
    this.#journal()
    return this.#sink.read?.() ?? new Uint8Array()
  }

  /** Ends the timer and frees the core. Calls that still run are not told any more. */
  async close(timeoutMs = 2000): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    clearInterval(this.#timer)
    this.#tick(this.clock.nowUs())
    await this.#sink.close(timeoutMs)
    this.core.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
