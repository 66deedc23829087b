/**
 * One tuner's loop: drains samples, closes windows, lets the core decide, publishes, pushes and journals. Nothing that the
 * application supplies (objective, `apply`, listeners, sink) can stop it; a core that panics does, with the knobs back at
 * their initial values.
 */
import { type Engine, PUSH } from '../binding.js'
import { fromCore, HomeostatError } from '../errors.js'
import type { Host } from '../host.js'
import type { JournalSink } from '../journal/sink.js'
import { type Memory, WORD_CONTROL, WORD_CONTROL_SAID, WORD_CONTROL_UNREADABLE } from '../memory/layout.js'
import { Drain } from '../memory/ring.js'
import type { Resolved } from '../schema/validate.js'
import { Control, SOURCE_API, SOURCE_FILE } from './control.js'
import { type CoreState, coreState } from './core-state.js'
import { Emitter } from './events.js'
import type { Counters } from './explain.js'
import { WindowMetrics } from './metrics.js'
import { Objective } from './objective.js'
import { Publisher } from './publisher.js'
import { Pump } from './pump.js'
import { Pusher } from './push.js'
import type { Resume } from './resume.js'
import { ShadowRunner } from './shadow-runner.js'
import type { MonotonicTime } from './time.js'
import { Troubles } from './troubles.js'

/** A window that took more than this many times its length spans a stall or a clock's jump. */
const STALLED = 4
/** Attempts to publish against a control file that keeps changing. */
const PUBLISH_ATTEMPTS = 3

export interface LoopParts {
  readonly resolved: Resolved
  readonly engine: Engine
  readonly memory: Memory
  readonly sink: JournalSink
  readonly time: MonotonicTime
  readonly host: Host
  readonly resume?: Resume | undefined
}

export class Loop {
  readonly emitter: Emitter = new Emitter()
  readonly control: Control = new Control()
  readonly pusher: Pusher
  readonly #parts: LoopParts
  readonly #drain: Drain
  readonly #metrics: WindowMetrics
  readonly #objective: Objective
  readonly #shadow: ShadowRunner
  readonly #publisher: Publisher
  readonly #pump: Pump
  readonly #troubles: Troubles
  #failure: HomeostatError | undefined
  #closed = false
  #ticking = false
  #windowStart: number
  #windowEnd: number
  #windows = 0
  #stalled = 0
  #unreadable = 0
  #ingestAtUs = 0
  /** Change bits of the core's answers since the last settling. */
  #changed = 0
  #lastSource = SOURCE_API
  readonly #ingest: (values: Float64Array, meta: Int32Array) => void

  constructor(parts: LoopParts) {
    const { resolved, engine, memory, sink, time } = parts
    this.#parts = parts
    this.#troubles = new Troubles(this.emitter, (sink.stats.unclean ?? 0) > 0, coreState(engine, time.now()).knobs)
    this.#drain = new Drain(memory)
    this.#metrics = new WindowMetrics(resolved.signals)
    this.#objective = new Objective(resolved, (error, count) =>
      this.emitter.emit('objectiveError', { type: 'objectiveError', error, count }),
    )
    this.#shadow = new ShadowRunner(resolved, () => time.now())
    this.#publisher = new Publisher(engine, memory)
    this.#pump = new Pump(engine, sink, this.emitter)
    this.pusher = new Pusher(resolved.knobs, resolved.applyTimeoutMs, {
      values: this.#publisher.values,
      generation: () => this.#publisher.generation,
      pushed: (generation, ok) => this.#pushed(generation, ok),
      failed: (knob, error) => this.#troubles.applyFailed(knob, error),
    })
    this.#ingest = (values, meta) => engine.ingest(values, meta, this.#ingestAtUs)
    this.#windowStart = time.now()
    this.#windowEnd = this.#windowStart + resolved.windowUs
  }

  /** Why the loop stopped, if it did. */
  get failure(): HomeostatError | undefined {
    return this.#failure
  }

  /** Obeys the control file before anybody has seen a value. Journals nothing yet, so that listeners hear of the start. */
  begin(): void {
    const now = this.#parts.time.now()
    this.#obeyControlFile(now)
    this.#publisher.sync()
    this.pusher.sync()
  }

  /** Once around. Cheap where nothing is due; never throws. */
  tick(): void {
    if (this.#closed || this.#failure !== undefined || this.#ticking) return
    this.#ticking = true
    try {
      const now = this.#parts.time.now()
      this.#troubles.tick(this.#parts.time.faults + this.#stalled, now)
      this.#obeyControlFile(now)
      this.#drainAt(now)
      if (now >= this.#windowEnd) {
        if (!this.control.settled) this.#insist(this.#lastSource, now)
        const { resume, engine } = this.#parts
        if (resume?.done === false) resume.window(engine, now, () => coreState(engine, now))
        this.#closeWindow(now)
      }
      this.#settle(now)
    } catch (error) {
      this.#fail(error)
    } finally {
      this.#ticking = false
    }
  }

  /** Runs an operator's action on the core and makes its effect visible before returning. */
  act<T>(action: (engine: Engine, nowUs: number) => T): T {
    if (this.#closed)
      throw new HomeostatError('HOMEOSTAT_CLOSED', `tuner "${this.#parts.resolved.engine.name}" is closed`)
    if (this.#failure !== undefined) throw this.#failure
    const now = this.#parts.time.now()
    try {
      const result = action(this.#parts.engine, now)
      this.#settle(now)
      return result
    } catch (error) {
      const failure = fromCore(error)
      if (failure.code === 'HOMEOSTAT_PANIC' || failure.code === 'HOMEOSTAT_INTERNAL') this.#fail(failure)
      throw failure
    }
  }

  /** Gives the core an input and returns its state after it, which tells whether the input was taken or dropped. */
  input(action: (engine: Engine, nowUs: number) => number): CoreState {
    return this.act((engine, now) => {
      this.#changed |= action(engine, now)
      return coreState(engine, now)
    })
  }

  /** What a source of the kill switch says now. */
  say(source: number, word: number): void {
    this.act((_, now) => this.#say(source, word, now))
  }

  /** The last entries: drains, says stop and pumps once. The loop does nothing more. */
  stop(): void {
    if (this.#closed) return
    if (this.#failure === undefined) {
      try {
        const now = this.#parts.time.now()
        this.#drainAt(now)
        this.#parts.engine.stop(now)
        this.#pump.run()
      } catch (error) {
        this.#fail(error)
      }
    }
    this.#closed = true
  }

  /** Pumps once more while closing; returns how many entries the core still holds. */
  flush(): number {
    if (this.#failure !== undefined) return 0
    try {
      this.#pump.run()
      return this.#parts.engine.queued()
    } catch (error) {
      this.#fail(error)
      return 0
    }
  }

  counters(): Counters {
    return {
      samples: this.#drain.drained,
      samplesDropped: this.#drain.dropped,
      windows: this.#windows,
      stalledWindows: this.#stalled,
      clockBackwards: this.#parts.time.faults,
      objectiveErrors: this.#objective.errors + this.#shadow.errors,
      listenerErrors: this.emitter.errors,
      cellBusy: this.#publisher.busy,
    }
  }

  #drainAt(now: number): void {
    this.#ingestAtUs = now
    this.#drain.run(this.#publisher.shift, this.#ingest)
  }

  #closeWindow(now: number): void {
    const { engine, resolved } = this.#parts
    const lengthUs = now - this.#windowStart
    const seconds = lengthUs / 1e6
    this.#windowStart = now
    const next = this.#windowEnd + resolved.windowUs
    this.#windowEnd = next > now ? next : now + resolved.windowUs
    this.#windows++
    engine.closeWindow(now)
    engine.readMetrics(this.#metrics.raw)
    this.#metrics.fill(seconds)
    const margin = this.#metrics.margin(resolved.constraints, seconds)
    if (lengthUs > STALLED * resolved.windowUs) {
      this.#stalled++
      this.#changed |= engine.decide(Number.NaN, margin)
      return
    }
    const objective = this.#objective.evaluate(this.#metrics, now)
    this.#shadow.run(engine, this.#metrics, now)
    this.#changed |= engine.decide(objective, margin)
  }

  /** Publishes, pushes and journals whatever the last calls changed. */
  #settle(now: number): void {
    for (let i = 0; i < PUBLISH_ATTEMPTS && !this.#publisher.sync(); i++) this.#obeyControlFile(now)
    const awaited = (this.#changed & PUSH) !== 0
    this.#changed = 0
    this.pusher.sync(awaited)
    this.#pump.run()
  }

  #say(source: number, word: number, now: number): void {
    this.control.say(source, word)
    this.#lastSource = source
    if (this.control.settled) return
    this.#insist(source, now)
    if (!this.control.settled) this.#troubles.controlPending(this.control.word)
  }

  /** Says the wanted word to the core; once per window again while the core drops it. */
  #insist(source: number, now: number): void {
    const { engine } = this.#parts
    this.#changed |= engine.control(this.control.wanted, source, now)
    this.control.heard(coreState(engine, now).control)
  }

  #obeyControlFile(now: number): void {
    const { words } = this.#parts.memory
    // First what was said meanwhile, then the present word: a pulse that ended while this thread was blocked is journaled too.
    const said = Atomics.exchange(words, WORD_CONTROL_SAID, 0)
    const word = Atomics.load(words, WORD_CONTROL)
    const strictest = 31 - Math.clz32(said)
    if (strictest > word) this.#say(SOURCE_FILE, strictest, now)
    if (strictest > word || word !== this.#publisher.controlSeen) {
      this.#publisher.controlSeen = word
      this.#say(SOURCE_FILE, word, now)
    }
    const unreadable = Atomics.load(words, WORD_CONTROL_UNREADABLE)
    if (unreadable !== this.#unreadable) {
      this.#unreadable = unreadable
      this.#troubles.controlFile()
    }
  }

  #pushed(generation: number, ok: boolean): void {
    if (this.#closed || this.#failure !== undefined) return
    try {
      const now = this.#parts.time.now()
      this.#changed |= this.#parts.engine.pushed(generation, ok, now)
      this.#settle(now)
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    const failure = fromCore(error)
    this.#failure = failure
    this.#publisher.abandon()
    this.pusher.sync()
    this.#parts.host.warn(
      `homeostat: tuner "${this.#parts.resolved.engine.name}" stopped, knobs at their initial values: ${failure.message}`,
    )
    this.emitter.emit('failed', { type: 'failed', error: failure })
  }
}
