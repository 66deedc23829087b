/**
 * Follows one run by its journal's events: what was changed and on what evidence, the last window, and the series that history is
 * made of. The same for a tuner of this process and for the journal of another one.
 */
import type { KnobConfig } from '../../binding.js'
import type { TunerEvent } from '../../tuner/events.js'
import { RecentObjective } from '../../tuner/recent-objective.js'
import { brief, ofUnit } from '../../tuner/scale.js'
import { CHANGE_TYPES, type Change, type ChangeType, type WindowState } from '../api/state.js'
import { Table } from '../history/table.js'
import type { ChangesQuery } from '../sources.js'

export type TracedKnob = KnobConfig & { readonly choices?: readonly string[] | undefined }

/** Changes that are kept, and as many probes: of these there are hundreds for one decision, which they must not push out. */
const CHANGES_MAX = 1000
const PROPOSALS_MAX = 64
const TOLD = new Set<string>(CHANGE_TYPES)

type Standing = Exclude<Change['standing'], null>
interface Kept {
  readonly change: Omit<Change, 'standing'>
  /** Its place among all runs, since sequence numbers begin anew with each. */
  readonly place: number
  /** Which run it is of, counted from 1: an application may give them all one name. */
  readonly run: number
  standing: Standing | null
}

const isProbe = ({ change }: Kept): boolean => change.kind === 'probe'

export class Trace {
  readonly table: Table
  /** Of the run that is followed, as is the last window. */
  objective: RecentObjective = new RecentObjective()
  readonly #name: string
  readonly #knobs: readonly TracedKnob[]
  readonly #atMs: (timeUs: number) => number
  readonly #tell: (change: Change) => void
  readonly #changes: Kept[] = []
  #probes = 0
  readonly #proposals = new Map<number, Readonly<Record<string, unknown>>>()
  readonly #values = new Map<string, number>()
  readonly #baselines = new Map<string, number>()
  /** Those of the run that is followed: a run before may have had others, in another order. */
  #runKnobs: readonly TracedKnob[]
  #place = 0
  #certifiedPlace = -1
  #runId = ''
  #runs = 0
  window: WindowState | null = null

  constructor(parts: {
    readonly name: string
    readonly knobs: readonly TracedKnob[]
    /** Rows of history that are kept. */
    readonly points: number
    atMs(timeUs: number): number
    tell(change: Change): void
  }) {
    this.#name = parts.name
    this.#knobs = parts.knobs
    this.#runKnobs = parts.knobs
    this.#atMs = parts.atMs
    this.#tell = parts.tell
    this.table = new Table(parts.points)
    for (const { name, initial } of parts.knobs) this.know(name, initial, initial)
  }

  /** Where a knob stands, for a trace that begins in the middle of a run. */
  know(knob: string, value: number, baseline: number): void {
    this.#values.set(knob, value)
    this.#baselines.set(knob, baseline)
  }

  valueOf(knob: string): number {
    return this.#values.get(knob) ?? Number.NaN
  }

  baselineOf(knob: string): number {
    return this.#baselines.get(knob) ?? Number.NaN
  }

  changes({ limit, before, run, types, probes = true }: ChangesQuery): Change[] {
    const found: Change[] = []
    const last = this.#changes.length - 1
    for (let i = before === undefined ? last : this.#olderThan(before, run); i >= 0 && found.length < limit; i--) {
      const kept = this.#changes[i] as Kept
      const { change, standing, run: of } = kept
      if (before !== undefined && run === undefined && of !== this.#runs) break
      if ((types?.includes(change.type) ?? true) && (probes || !isProbe(kept))) found.push({ ...change, standing })
    }
    return found
  }

  /** The newest change that is older than an entry of a run; -1 where there is none, or no such run. */
  #olderThan(before: number, run = this.#runId): number {
    const at = this.#changes.findLastIndex(({ change }) => change.runId === run && change.seq < before)
    if (at >= 0) return at
    const first = this.#changes.findIndex(({ change }) => change.runId === run)
    return first - 1
  }

  take(event: TunerEvent): void {
    const { type, payload, proposalId, runId } = event
    if (type === 'started' || runId !== this.#runId) this.#beginRun(runId)
    if (type === 'started' && Array.isArray(payload.knobs)) this.#begin(payload.knobs as readonly TracedKnob[])
    if (type === 'window') this.#takeWindow(event)
    else if (type === 'proposed' && proposalId !== null) {
      this.#proposals.set(proposalId, payload)
      if (this.#proposals.size > PROPOSALS_MAX) this.#proposals.delete(this.#proposals.keys().next().value as number)
    }
    if (TOLD.has(type)) this.#takeChange(event)
  }

  #beginRun(runId: string): void {
    this.#runId = runId
    this.#runs++
    this.objective = new RecentObjective()
    this.window = null
    // What was certified or proposed in a run before means nothing here.
    this.#certifiedPlace = this.#place - 1
    this.#proposals.clear()
    for (const kept of this.#changes) if (kept.standing === 'live') kept.standing = 'superseded'
  }

  #begin(knobs: readonly TracedKnob[]): void {
    this.#runKnobs = knobs
    for (const { name, initial } of knobs) this.know(name, initial, initial)
  }

  #takeWindow({ payload, timeUs }: TunerEvent): void {
    const figure = (key: string): number => (typeof payload[key] === 'number' ? (payload[key] as number) : Number.NaN)
    const orNull = (value: number): number | null => (Number.isFinite(value) ? value : null)
    const atMs = this.#atMs(timeUs)
    const objective = figure('objective')
    if (payload.validity === 'valid' && Number.isFinite(objective)) this.objective.take(objective)
    this.window = {
      atMs: Math.round(atMs),
      validity: String(payload.validity),
      samples: figure('samples') || 0,
      objective: orNull(objective),
      latencyP99Us: orNull(figure('latency_p99_us')),
      throughputRps: orNull(figure('throughput_rps')),
      constraintMargin: orNull(figure('constraint_margin')),
    }
    const row: Record<string, number> = {
      objective,
      latencyP99Us: figure('latency_p99_us'),
      throughputRps: figure('throughput_rps'),
      constraintMargin: figure('constraint_margin'),
    }
    for (const { name } of this.#knobs) {
      row[`knob.${name}`] = this.valueOf(name)
      row[`baseline.${name}`] = this.baselineOf(name)
    }
    this.table.push(atMs, row)
  }

  #takeChange(event: TunerEvent): void {
    const { type, payload, proposalId, seq } = event
    const moved = payload.values !== undefined && (type === 'applied' || type === 'rolledBack')
    const knobs = moved ? this.#move(payload) : []
    if (moved) this.#settle(type === 'rolledBack')
    const place = this.#place++
    if (type === 'certified') this.#certifiedPlace = place
    const proposal = proposalId === null ? undefined : this.#proposals.get(proposalId)
    const change: Kept['change'] = {
      tuner: this.#name,
      seq,
      runId: event.runId,
      type: type as ChangeType,
      atMs: Math.round(this.#atMs(event.timeUs)),
      generation: event.generation,
      proposalId,
      kind: typeof payload.kind === 'string' ? payload.kind : null,
      knobs,
      evidence: moved ? { ...proposal } : payload,
    }
    const kept: Kept = { change, place, run: this.#runs, standing: moved ? 'live' : null }
    this.#keep(kept)
    this.#tell({ ...change, standing: kept.standing })
  }

  #keep(kept: Kept): void {
    const probe = isProbe(kept)
    this.#changes.push(kept)
    if (probe) this.#probes++
    if ((probe ? this.#probes : this.#changes.length - this.#probes) <= CHANGES_MAX) return
    this.#changes.splice(
      this.#changes.findIndex((one) => isProbe(one) === probe),
      1,
    )
    if (probe) this.#probes--
  }

  /** What was live is not any more: taken back as far as nothing was certified since, or replaced. */
  #settle(rolledBack: boolean): void {
    for (let i = this.#changes.length - 1; i >= 0; i--) {
      const kept = this.#changes[i] as Kept
      if (kept.standing === 'live') kept.standing = rolledBack ? 'rolled-back' : 'superseded'
      else if (rolledBack && kept.standing === 'superseded' && kept.place > this.#certifiedPlace)
        kept.standing = 'rolled-back'
      if (kept.place <= this.#certifiedPlace) return
    }
  }

  #move(payload: Readonly<Record<string, unknown>>): Change['knobs'] {
    const values = payload.values as Readonly<Record<string, unknown>>
    const baselines = Array.isArray(payload.baseline) ? (payload.baseline as readonly unknown[]) : []
    const moved: { name: string; from: number | null; to: number }[] = []
    this.#runKnobs.forEach((knob, i) => {
      const to = values[knob.name]
      const unit = baselines[i]
      if (typeof unit === 'number') this.#baselines.set(knob.name, brief(ofUnit(knob, unit)))
      if (typeof to !== 'number') return
      const from = this.valueOf(knob.name)
      if (from !== to) moved.push({ name: knob.name, from: Number.isFinite(from) ? from : null, to })
      this.#values.set(knob.name, to)
    })
    return moved
  }
}
