/**
 * A tuner of this process. What it did before anybody looked is read from its journal when somebody first asks for it; from then on its
 * events are followed.
 *
 * A command looks at the state and acts within one turn of the event loop, so that what `If-Match` was compared with is what the
 * command meets.
 */
import { type Clock, systemClock, wallTimeMs } from '../../clock.js'
import { isHomeostatError } from '../../errors.js'
import type { TunerEvent } from '../../tuner/events.js'
import type { Explanation } from '../../tuner/explain.js'
import { bandOf } from '../../tuner/scale.js'
import type { Tuner } from '../../tuner/tuner.js'
import type { Verdict } from '../../tuner/violations.js'
import { within } from '../../within.js'
import type { Operable, TunerCommand } from '../api/commands.js'
import { CHANGE_TYPES, type Change, type KnobState, type TunerState } from '../api/state.js'
import type { History } from '../history/history.js'
import { Problem } from '../http/problem.js'
import type { Feed } from '../journal/feed.js'
import { type ChangesQuery, type Listener, type Obeyed, revisionOf, type TunerSource } from '../sources.js'
import { Trace } from '../trace/trace.js'
import { readPast } from './past.js'

/** A tuner of whatever knobs and signals, also of another copy of the package. */
// biome-ignore lint/suspicious/noExplicitAny: a tuner has type parameters of its own
export type AnyTuner = Tuner<any, any>

const TOLD = [...CHANGE_TYPES, 'window', 'proposed'] as const
const COMMANDS = [
  'rollback',
  'freeze',
  'unfreeze',
  'mode',
  'control',
  'enter-safe-mode',
  'leave-safe-mode',
  'propose',
  'trial',
] as const

/** How long an answer waits for the past; then it is of what was seen. */
const PAST_MS = 5000
/** After what could not be read. */
const AGAIN_US = 2e6
/** Events that are kept apart while the past is read. */
const MEANWHILE_MAX = 10_000

export interface LiveTunerParts {
  /** Windows of history that are kept in memory. */
  readonly points: number
  readonly listener: Listener
  /** History that a store keeps. */
  readonly history: History | undefined
  /** Where its journal can be read. */
  readonly feed: Feed | undefined
}

export class LiveTuner implements TunerSource {
  readonly name: string
  readonly history: History
  readonly #tuner: AnyTuner
  readonly #parts: LiveTunerParts
  #trace: Trace
  #past: Promise<void> | undefined
  #againUs = Number.NEGATIVE_INFINITY
  /** What happens while the past is read. */
  #meanwhile: TunerEvent[] | undefined
  /** Wall time at the origin of the tuner's clock. */
  readonly #originMs: number
  readonly #stops: (() => void)[]
  #last: Explanation | undefined
  #caused: number[] | undefined
  #ended = false

  constructor(tuner: AnyTuner, parts: LiveTunerParts) {
    this.name = tuner.name
    this.#tuner = tuner
    this.#parts = parts
    this.#originMs = wallTimeMs() - (tuner as { now: Clock['nowUs'] }).now() / 1000
    this.history = parts.history ?? {
      list: async () => (await this.#whole()).table.list(),
      range: async (query) => (await this.#whole()).table.range(query),
    }
    const trace = new Trace({
      name: tuner.name,
      knobs: tuner.config.knobs,
      points: parts.points,
      atMs: (timeUs) => this.#atMs(timeUs),
      tell: (change) => parts.listener.changed(change),
    })
    this.#trace = trace
    this.#stops = TOLD.map((name) => tuner.on(name, (event: TunerEvent) => this.#take(event)))
    void this.#explain().then((known) => {
      for (const { name, value, baseline } of known?.knobs ?? []) trace.know(name, value, baseline)
    })
  }

  /** With the past in it, where that can be read within a while. */
  async #whole(): Promise<Trace> {
    // All wait for the same moment: what hangs holds up nobody later on.
    if (this.#past === undefined && systemClock.nowUs() >= this.#againUs) this.#past = within(PAST_MS, this.#readPast())
    await this.#past
    return this.#trace
  }

  async #readPast(): Promise<void> {
    const { feed, points, listener } = this.#parts
    if (feed === undefined) return
    const meanwhile: TunerEvent[] = []
    this.#meanwhile = meanwhile
    let telling = false
    try {
      const { name, config, runId, journal } = this.#tuner
      const past = await readPast({
        name,
        knobs: config.knobs,
        runId,
        feed,
        stats: journal.stats,
        points,
        originMs: this.#originMs,
        tell: (change) => telling && listener.changed(change),
      })
      const known = await this.#explain()
      if (past === undefined || meanwhile.length > MEANWHILE_MAX) return this.#later()
      for (const event of meanwhile) if (event.seq > past.seq) past.trace.take(event)
      for (const { name: knob, value, baseline } of known?.knobs ?? [])
        if (Number.isNaN(past.trace.valueOf(knob))) past.trace.know(knob, value, baseline)
      this.#trace = past.trace
      telling = true
    } catch {
      // Away now: what was seen is shown, and it is asked again.
      this.#later()
    } finally {
      this.#meanwhile = undefined
    }
  }

  #later(): void {
    this.#past = undefined
    this.#againUs = systemClock.nowUs() + AGAIN_US
  }

  #take(event: TunerEvent): void {
    if (event.type === 'stopped') this.#ended = true
    if (event.type !== 'window' && event.type !== 'proposed') this.#caused?.push(event.seq)
    this.#trace.take(event)
    if (this.#meanwhile !== undefined && this.#meanwhile.length <= MEANWHILE_MAX) this.#meanwhile.push(event)
  }

  #atMs(timeUs: number): number {
    return this.#originMs + timeUs / 1000
  }

  /** What the core says; the last that it said where it is closed or dead. */
  async #explain(): Promise<Explanation | undefined> {
    try {
      this.#last = await this.#tuner.explain()
    } catch (error) {
      if (!isHomeostatError(error)) throw error
    }
    return this.#last
  }

  async state(): Promise<TunerState> {
    const core = await this.#explain()
    const { config, journal, failure, runId } = this.#tuner
    const { guardrails } = config
    const step = guardrails.max_delta as number
    const knobs = (core?.knobs ?? []).map((known, i): KnobState => {
      const { choices, ...knob } = config.knobs[i] as AnyTuner['config']['knobs'][number]
      const { recommended, would_probe: wouldProbe, model, shadow, advice } = known
      return {
        name: known.name,
        kind: knob.kind,
        scale: knob.scale,
        min: knob.min,
        max: knob.max,
        initial: known.initial,
        value: known.value,
        baseline: known.baseline,
        certified: known.certified,
        unit: known.unit,
        band: bandOf(knob, known.baseline, step),
        frozen: known.frozen,
        learn: known.learn,
        choices,
        model,
        shadow,
        recommended,
        advice,
        wouldProbe,
      }
    })
    return {
      name: this.name,
      source: 'live',
      runId,
      revision: this.#operable(core).revision,
      generation: core?.generation ?? this.#tuner.generation,
      mode: core?.mode ?? this.#tuner.mode,
      control: this.#tuner.controlWord,
      safeMode: this.#safeMode(core),
      safeModeEntries: core?.safe_mode_entries ?? 0,
      failure: failure?.message ?? null,
      ...(this.#ended && { ended: true }),
      changedAtMs: core === undefined ? null : Math.round(this.#atMs(core.changed_us)),
      windows: core?.windows ?? 0,
      validWindows: core?.valid_windows ?? 0,
      regressions: core?.regressions ?? 0,
      window: this.#trace.window,
      objective: this.#trace.objective.state,
      guardrails,
      knobs,
      journal: {
        ...(core?.journal ?? { queued: 0, dropped: 0, lost: 0 }),
        failure: journal.failure?.message ?? null,
      },
      counters: { ...this.#tuner.counters() },
    }
  }

  #safeMode(core: Explanation | undefined): TunerState['safeMode'] {
    const found = core?.safe_mode ?? null
    if (found === null) return null
    const { reason, since_us, remaining_us } = found
    return {
      reason,
      sinceMs: Math.round(this.#atMs(since_us)),
      remainingMs: remaining_us === null ? null : remaining_us / 1000,
    }
  }

  async operable(): Promise<Operable> {
    return this.#operable(await this.#explain())
  }

  #operable(core: Explanation | undefined): Operable {
    const safeMode = this.#safeMode(core)
    const known = core?.knobs.filter(({ certified }) => certified !== null) ?? []
    const shown = {
      tuner: this.name,
      runId: this.#tuner.runId,
      mode: core?.mode ?? this.#tuner.mode,
      control: this.#tuner.controlWord,
      // How long it still lasts changes by itself.
      safeMode: safeMode === null ? null : { ...safeMode, remainingMs: null },
      frozen: core?.knobs.filter(({ frozen }) => frozen).map(({ name }) => name) ?? [],
      certified:
        known.length === 0 ? null : Object.fromEntries(known.map(({ name, certified }) => [name, certified as number])),
      commands: this.#tuner.failure === undefined && !this.#ended ? [...COMMANDS] : [],
    }
    return { ...shown, revision: revisionOf(shown) }
  }

  async obey(command: TunerCommand): Promise<Obeyed> {
    const caused: number[] = []
    this.#caused = caused
    try {
      const verdict = this.#act(command)
      return {
        violation: verdict.ok ? undefined : verdict.violation,
        generation: this.#tuner.generation,
        entries: caused,
      }
    } catch (error) {
      throw refusalOf(error)
    } finally {
      this.#caused = undefined
    }
  }

  #act(given: TunerCommand): Verdict {
    const tuner = this.#tuner
    switch (given.command) {
      case 'rollback':
        if (given.generation !== undefined && given.generation !== tuner.generation)
          return { ok: false, violation: 'stale-generation' }
        return tuner.rollback()
      case 'freeze':
        return tuner.freeze(given.knob)
      case 'unfreeze':
        return tuner.unfreeze(given.knob)
      case 'mode':
        return tuner.setMode(given.mode)
      case 'control': {
        const word = tuner.control(given.word)
        // Another source of the kill switch may be stricter; the API's own word is taken all the same.
        return word === given.word || given.word !== 'on' ? { ok: true } : { ok: false, violation: 'frozen' }
      }
      case 'enter-safe-mode':
        tuner.enterSafeMode()
        return { ok: true }
      case 'leave-safe-mode':
        return tuner.acknowledge()
      case 'propose':
        return tuner.propose(given.values, given.generation === undefined ? {} : { generation: given.generation })
      case 'trial':
        return tuner.trial(given.knob, given.value)
    }
  }

  async changes(query: ChangesQuery): Promise<readonly Change[]> {
    return (await this.#whole()).changes(query)
  }

  close(): void {
    for (const stop of this.#stops) stop()
  }
}

/** What the façade refuses by throwing: names and values that cannot be meant, and a tuner that has ended. */
function refusalOf(error: unknown): unknown {
  if (!isHomeostatError(error)) return error
  const { code, message, option } = error
  if (/^HOMEOSTAT_(INVALID|UNKNOWN)_/.test(code))
    return new Problem('invalid-request', message, {
      errors: [{ pointer: option === undefined ? '' : `/${option.replaceAll('.', '/')}`, detail: message }],
    })
  return new Problem('refused', message, { violation: code === 'HOMEOSTAT_CLOSED' ? 'closed' : 'failed' })
}
