/**
 * A tuner of another process, as its journal tells it. What the journal does not say (counters, the local model) is left out; what may
 * be asked is the kill switch, by the control file that the other process watches.
 */
import { writeFileSync } from 'node:fs'
import { eventOf, type JournalEntry } from '../../tuner/events.js'
import { bandOf, unitOf } from '../../tuner/scale.js'
import type { Operable, TunerCommand } from '../api/commands.js'
import type { Change, KnobState, TunerState } from '../api/state.js'
import type { History } from '../history/history.js'
import { Problem } from '../http/problem.js'
import type { RunClock } from '../journal/run-clock.js'
import { type ChangesQuery, type Listener, type Obeyed, revisionOf, type TunerSource } from '../sources.js'
import { Trace, type TracedKnob } from '../trace/trace.js'

interface Start {
  readonly name: string
  readonly mode: TunerState['mode']
  readonly guardrails: Readonly<Record<string, number | string>>
  readonly knobs: readonly TracedKnob[]
}

export interface JournalTunerParts {
  readonly name: string
  /** Windows that are kept. */
  readonly points: number
  /** The file that the other process watches. */
  readonly controlFile: string | undefined
  readonly listener: Listener
  readonly clock: RunClock
  /** The journal begins in the middle of a run: where its values stood then is not known. */
  readonly pruned: boolean
}

type SafeMode = NonNullable<TunerState['safeMode']>

export class JournalTuner implements TunerSource {
  readonly name: string
  readonly #parts: JournalTunerParts
  readonly #start: Start
  readonly #trace: Trace
  #runId = ''
  #generation = 0
  #mode: TunerState['mode']
  #control: TunerState['control'] = 'on'
  #safeMode: SafeMode | null = null
  #safeModeEntries = 0
  #changedAtMs: number | null = null
  #windows = 0
  #validWindows = 0
  #stopped = false
  readonly #frozen = new Set<string>()
  readonly #certified = new Map<string, number>()

  /** `start`: the first entry of a run. */
  constructor(start: JournalEntry, parts: JournalTunerParts) {
    this.#start = start.payload as unknown as Start
    this.#parts = parts
    this.name = parts.name
    this.#mode = this.#start.mode
    this.#trace = new Trace({
      name: this.name,
      knobs: this.#start.knobs,
      points: parts.points,
      atMs: (timeUs) => parts.clock.atMs(timeUs),
      tell: (change) => parts.listener.changed(change),
    })
    if (!parts.pruned) return
    this.#runId = start.run_id
    for (const { name } of this.#start.knobs) this.#trace.know(name, Number.NaN, Number.NaN)
  }

  get history(): History {
    return this.#trace.table
  }

  take(entry: JournalEntry): void {
    const { clock } = this.#parts
    clock.take(entry)
    if (entry.event === 'start') this.#begin(entry)
    const event = eventOf(entry)
    if (event === undefined) return
    this.#generation = entry.generation
    const atMs = clock.atMs(entry.time_us)
    const { payload } = event
    if (event.type === 'window') {
      this.#windows++
      if (payload.validity === 'valid') this.#validWindows++
    } else if (event.type === 'mode') this.#mode = payload.mode as TunerState['mode']
    else if (event.type === 'control') this.#control = payload.control as TunerState['control']
    else if (event.type === 'frozen' || event.type === 'unfrozen') this.#freeze(event.type === 'frozen', payload.knob)
    else if (event.type === 'safeMode') {
      this.#safeMode = { reason: String(payload.reason), sinceMs: Math.round(atMs), remainingMs: null }
      this.#safeModeEntries++
    } else if (event.type === 'recovered') this.#safeMode = null
    else if (event.type === 'certified') {
      for (const [name, value] of Object.entries((payload.values ?? {}) as Record<string, number>))
        this.#certified.set(name, value)
    } else if (event.type === 'stopped') this.#stopped = true
    if (payload.values !== undefined && (event.type === 'applied' || event.type === 'rolledBack'))
      this.#changedAtMs = Math.round(atMs)
    this.#trace.take(event)
  }

  #begin(entry: JournalEntry): void {
    this.#runId = entry.run_id
    this.#mode = (entry.payload as unknown as Start).mode
    this.#control = 'on'
    this.#safeMode = null
    this.#stopped = false
    this.#frozen.clear()
    this.#certified.clear()
  }

  #freeze(frozen: boolean, knob: unknown): void {
    const names = typeof knob === 'string' ? [knob] : this.#start.knobs.map(({ name }) => name)
    for (const name of names) {
      if (frozen) this.#frozen.add(name)
      else this.#frozen.delete(name)
    }
  }

  async state(): Promise<TunerState> {
    const step = Number(this.#start.guardrails.max_delta)
    return {
      name: this.name,
      source: 'journal',
      runId: this.#runId,
      revision: this.#operable().revision,
      generation: this.#generation,
      mode: this.#mode,
      control: this.#control,
      safeMode: this.#safeMode,
      safeModeEntries: this.#safeModeEntries,
      failure: null,
      ...(this.#stopped && { ended: true }),
      changedAtMs: this.#changedAtMs,
      windows: this.#windows,
      validWindows: this.#validWindows,
      regressions: 0,
      window: this.#trace.window,
      objective: this.#trace.objective.state,
      guardrails: this.#start.guardrails,
      knobs: this.#start.knobs.map((knob): KnobState => {
        const value = known(this.#trace.valueOf(knob.name), knob.initial)
        const baseline = known(this.#trace.baselineOf(knob.name), value)
        const { name, kind, scale, min, max, initial, learn } = knob
        return {
          name,
          kind,
          scale,
          min,
          max,
          initial,
          value,
          baseline,
          certified: this.#certified.get(name) ?? null,
          unit: unitOf(knob, value),
          band: bandOf(knob, baseline, step),
          frozen: this.#frozen.has(name),
          learn,
        }
      }),
      journal: { queued: 0, dropped: 0, lost: 0, failure: null },
      counters: {},
    }
  }

  async operable(): Promise<Operable> {
    return this.#operable()
  }

  #operable(): Operable {
    const shown = {
      tuner: this.name,
      runId: this.#runId,
      mode: this.#mode,
      control: this.#control,
      safeMode: this.#safeMode,
      frozen: [...this.#frozen],
      certified: this.#certified.size === 0 ? null : Object.fromEntries(this.#certified),
      commands: this.#parts.controlFile === undefined ? [] : ['control'],
    }
    return { ...shown, revision: revisionOf(shown) }
  }

  async obey(command: TunerCommand): Promise<Obeyed> {
    const { controlFile } = this.#parts
    if (command.command !== 'control' || controlFile === undefined) {
      const detail =
        'only the process that holds this tuner can do that; from here there is its control file, where one is named'
      throw new Problem('refused', detail, { violation: 'not-here' })
    }
    try {
      writeFileSync(controlFile, `${command.word}\n`)
    } catch {
      throw new Problem('refused', 'the control file cannot be written', { violation: 'control-file' })
    }
    return { violation: undefined, generation: this.#generation, entries: [] }
  }

  changes(query: ChangesQuery): readonly Change[] {
    return this.#trace.changes(query)
  }

  close(): void {}
}

const known = (value: number, otherwise: number): number => (Number.isFinite(value) ? value : otherwise)
