/**
 * The public face of one live tuner.
 */
import type { Engine } from '../binding.js'
import type { Clock } from '../clock.js'
import { HomeostatError, invalid, show } from '../errors.js'
import { makeHandle, SHARED_WORKER, type TunerHandle } from '../handle.js'
import type { JournalSink } from '../journal/sink.js'
import { CellReader } from '../memory/cell.js'
import type { Memory } from '../memory/layout.js'
import { ownerReport, reclaimLanes } from '../memory/ring.js'
import { knobView, signalView } from '../memory/views.js'
import * as check from '../schema/checks.js'
import type { KnobSpecs, KnobValues } from '../schema/knob.js'
import type { Mode } from '../schema/options.js'
import { operatorValue, type ResolvedKnob } from '../schema/resolve-knob.js'
import type { SignalReporters, SignalSpecs } from '../schema/signal.js'
import type { Resolved } from '../schema/validate.js'
import { type Snapshot, takeSnapshot } from '../snapshot.js'
import { configOf, type TunerConfig } from './config.js'
import { type ControlWord, controlNumber, SOURCE_API } from './control.js'
import { coreState } from './core-state.js'
import type { EventMap, EventName } from './events.js'
import type { Counters, Explanation } from './explain.js'
import type { Loop } from './loop.js'
import { takenVerdict, type Verdict, verdict } from './violations.js'

const MODES: readonly Mode[] = ['observe', 'recommend', 'auto']

/** Names of the signals that take durations. */
export type DurationSignals<S extends SignalSpecs> = {
  [N in keyof S & string]: S[N]['kind'] extends 'duration' ? N : never
}[keyof S & string]

export interface ProposeOptions {
  /** The generation that the move was made for; by default whatever is live. A whole number, 0 or more. */
  readonly generation?: number
}

export interface TunerParts {
  readonly resolved: Resolved
  readonly runId: string
  readonly seed: number
  readonly memory: Memory
  readonly engine: Engine
  readonly loop: Loop
  readonly sink: JournalSink
  close(): Promise<void>
}

/** A live tuner. Made by `homeostat()`, belongs to the thread that made it. */
export class Tuner<K extends KnobSpecs = KnobSpecs, S extends SignalSpecs = SignalSpecs> {
  /** The live values; each read is one memory read. Durations in milliseconds. */
  readonly knobs: KnobValues<K>
  /** Reports samples; each report is one memory write and never throws. */
  readonly signals: SignalReporters<S>
  readonly name: string
  /** Identifies this run in the journal. */
  readonly runId: string
  /** Seed of the run's random generator. */
  readonly seed: number
  /** Where the journal goes, and what became of it. */
  readonly journal: Pick<JournalSink, 'path' | 'stats' | 'failure' | 'read' | 'kept'>
  readonly #parts: TunerParts
  readonly #live: Float64Array
  readonly #reader: CellReader
  readonly #clock: Clock
  #handle: TunerHandle<K, S> | undefined
  #workers = SHARED_WORKER
  #mode: Mode
  #closing: Promise<void> | undefined

  /** @internal */
  constructor(parts: TunerParts) {
    const { resolved, memory } = parts
    this.#parts = parts
    this.#live = memory.live
    this.#reader = new CellReader(memory)
    this.#clock = resolved.clock
    this.#mode = resolved.engine.mode
    this.name = resolved.engine.name
    this.runId = parts.runId
    this.seed = parts.seed
    this.journal = parts.sink
    this.knobs = knobView(resolved.knobs, memory.live) as KnobValues<K>
    this.signals = signalView(resolved.signals, (i) => ownerReport(memory, i)) as SignalReporters<S>
  }

  /** Generation of the live values; only grows. Take it at a request's start and pass it along with its samples. */
  get generation(): number {
    return this.#live[0] as number
  }

  get mode(): Mode {
    return this.#mode
  }

  /** The strictest word of the kill switch that any source holds. */
  get controlWord(): ControlWord {
    return this.#parts.loop.control.word
  }

  /** Why the loop stopped for good, if it did: the knobs are then at their initial values. */
  get failure(): HomeostatError | undefined {
    return this.#parts.loop.failure
  }

  /** What it was made with, as the core was told: knob units, guardrails in full, times in microseconds. */
  get config(): TunerConfig {
    return configOf(this.#parts.resolved)
  }

  /** Post this to a worker thread and `attach()` to it there. Throws `HOMEOSTAT_NO_SHARED_MEMORY` where memory cannot be shared. */
  get handle(): TunerHandle<K, S> {
    this.#handle ??= this.#makeHandle(SHARED_WORKER)
    return this.#handle
  }

  /**
   * A handle for one worker alone, whose lanes {@link release} can take back. A worker that is terminated cannot `detach()`:
   * `const handle = tuner.workerHandle(); worker.once('exit', () => tuner.release(handle))`.
   */
  workerHandle(): TunerHandle<K, S> {
    return this.#makeHandle(++this.#workers)
  }

  /**
   * Takes back the lanes of a worker that has ended, and returns how many it held. While its thread still runs it would lose
   * samples, and one may end up among those of the lane's next holder: wait for the worker's `exit`.
   */
  release(handle: TunerHandle<K, S>): number {
    const { memory } = this.#parts
    const { buffer, worker } = check.object('handle', handle) as unknown as TunerHandle
    if (buffer !== memory.buffer || !(worker > SHARED_WORKER && worker <= this.#workers)) {
      throw invalid('handle', "made by this tuner's workerHandle()", handle, 'HOMEOSTAT_INVALID_HANDLE')
    }
    return reclaimLanes(memory, worker)
  }

  /** The tuner's clock, in microseconds: `const t = tuner.now(); …; tuner.signals.latency((tuner.now() - t) / 1000)`. */
  now(): number {
    return this.#clock.nowUs()
  }

  /**
   * Runs `work` and reports how long it took to a duration signal, under the generation at its start; a failure is timed too.
   * Returns what `work` returns.
   */
  measure<T>(signal: DurationSignals<S>, work: () => T): T {
    const report = (this.signals as Record<string, ((ms: number, generation?: number) => void) | undefined>)[signal]
    if (report === undefined)
      throw invalid('signal', 'the name of a duration signal', signal, 'HOMEOSTAT_UNKNOWN_SIGNAL')
    const generation = this.generation
    const start = this.now()
    const end = (): void => report(Math.max(0, (this.now() - start) / 1000), generation)
    let result: T
    try {
      result = work()
    } catch (error) {
      end()
      throw error
    }
    if (result instanceof Promise) return result.finally(end) as T
    end()
    return result
  }

  /** All values of one generation. */
  snapshot(): Snapshot<K> {
    return takeSnapshot(this.name, this.#parts.resolved.knobs, this.#reader)
  }

  /** One turn of the loop, for `tick: 'manual'`. Cheap where nothing is due; never throws. */
  tick(): void {
    this.#parts.loop.tick()
  }

  /** Listens; returns how to stop. A listener that throws is counted, nothing more. */
  on<N extends EventName>(name: N, listener: (event: EventMap[N]) => void): () => void {
    check.fn('listener', listener)
    return this.#parts.loop.emitter.on(name, listener as (event: never) => void)
  }

  /**
   * The kill switch: `freeze` holds the values, `off` returns to the initial ones, `on` withdraws what was said here or by SIGUSR2.
   * Returns the word that holds: the strictest of all sources, and while the journal's queue is full the stricter one before.
   */
  control(word: ControlWord): ControlWord {
    this.#parts.loop.say(SOURCE_API, controlNumber('control', word))
    return this.controlWord
  }

  /** Refused with `audit-queue-full` while the journal has no room, like all that does not protect. */
  setMode(mode: Mode): Verdict {
    const index = MODES.indexOf(check.oneOf('mode', mode, MODES))
    this.#mode = this.#parts.loop.input((engine, now) => engine.setMode(index, now)).mode
    return takenVerdict(this.#mode === mode)
  }

  /** Holds a knob, or all of them, at the current values. */
  freeze(knob?: keyof K & string): Verdict {
    const index = this.#index('knob', knob)
    const { knobs } = this.#parts.loop.input((engine, now) => engine.freeze(index, now))
    return takenVerdict(knobs.every(({ frozen }, i) => frozen || (index >= 0 && i !== index)))
  }

  /** Refused with `audit-queue-full` while the journal has no room. */
  unfreeze(knob?: keyof K & string): Verdict {
    const index = this.#index('knob', knob)
    const { knobs } = this.#parts.loop.input((engine, now) => engine.unfreeze(index, now))
    return takenVerdict(knobs.every(({ frozen }, i) => !frozen || (index >= 0 && i !== index)))
  }

  /**
   * Moves knobs by hand, within the guardrails; a refusal is a value. Throws on values outside a knob's bounds. With
   * `generation` (of the `snapshot()` that you looked at) it is refused as `stale-generation` if anything changed since.
   */
  propose(values: Partial<KnobValues<K>>, options: ProposeOptions = {}): Verdict {
    check.onlyKeys('options', check.object('options', options), ['generation'])
    const range = { min: 0, max: Number.MAX_SAFE_INTEGER, whole: true }
    const { generation } = options
    const made = generation === undefined ? Number.NaN : check.number('options.generation', generation, range)
    const wanted = new Float64Array(this.#parts.resolved.knobs.length).fill(Number.NaN)
    for (const [name, value] of Object.entries(check.object('values', values))) {
      const knob = this.#knob('values', name)
      if (value !== undefined) wanted[knob.index] = operatorValue(`values.${name}`, knob, value)
    }
    return verdict(this.#parts.loop.act((engine, now) => engine.propose(wanted, made, now)))
  }

  /** Starts an explicit A/B between a knob's current value and `value`; it ends by itself and journals what it found. */
  trial<N extends keyof K & string>(knob: N, value: KnobValues<K>[N]): Verdict {
    const resolved = this.#knob('knob', knob)
    const wanted = operatorValue('value', resolved, value)
    return verdict(this.#parts.loop.act((engine, now) => engine.trial(resolved.index, wanted, now)))
  }

  /** Back to the certified configuration. */
  rollback(): Verdict {
    return verdict(this.#parts.loop.act((engine, now) => engine.rollback(now)))
  }

  /** Enters SafeMode by hand: nothing changes until it is acknowledged. */
  enterSafeMode(): void {
    this.#parts.loop.input((engine, now) => engine.enterSafeMode(now))
  }

  /** Leaves SafeMode by hand. Refused with `audit-queue-full` while the journal has no room. */
  acknowledge(): Verdict {
    const { safe_mode } = this.#parts.loop.input((engine, now) => engine.acknowledge(now))
    return takenVerdict(safe_mode === null)
  }

  /** Why each knob stands where it stands. */
  async explain(): Promise<Explanation> {
    return { ...this.#parts.loop.act(coreState), counters: this.counters() }
  }

  /** Everything that was bounded, refused or survived, since the start. */
  counters(): Counters {
    return this.#parts.loop.counters()
  }

  /** Stops the loop and makes the journal durable, within `closeTimeout`. The values stay readable. Safe to call twice. */
  close(): Promise<void> {
    this.#closing ??= this.#parts.close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #makeHandle(worker: number): TunerHandle<K, S> {
    const { resolved, memory } = this.#parts
    return makeHandle<K, S>(this.name, memory, resolved.knobs, resolved.signals, worker)
  }

  #index(option: string, name: string | undefined): number {
    return name === undefined ? -1 : this.#knob(option, name).index
  }

  #knob(option: string, name: string): ResolvedKnob {
    const { knobs } = this.#parts.resolved
    const knob = knobs.find((candidate) => candidate.name === name)
    if (knob !== undefined) return knob
    const range = knobs.map((candidate) => candidate.name).join(', ')
    throw new HomeostatError('HOMEOSTAT_UNKNOWN_KNOB', `${option} must name one of ${range}, received ${show(name)}`, {
      option,
      range,
      received: name,
    })
  }
}
