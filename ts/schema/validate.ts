/**
 * Checks all options of `homeostat()` once, at the boundary, and brings them into the core's terms.
 */
import type { EngineConfig } from '../binding.js'
import { type Clock, systemClock } from '../clock.js'
import { invalid } from '../errors.js'
import { KNOBS_MAX, MODES, SIGNALS_MAX, STRATEGIES } from '../generated/core.js'
import type { JournalSink } from '../journal/sink.js'
import { MAX_LANES, MAX_RING } from '../memory/layout.js'
import type { SignalShape } from '../memory/views.js'
import type { Storage, StoredJournalOptions } from '../storage/contract.js'
import * as check from './checks.js'
import { type ResolvedConstraint, resolveConstraints, unknownSignal } from './resolve-constraints.js'
import { resolveGuardrails } from './resolve-guardrails.js'
import { type ResolvedKnob, resolveKnob } from './resolve-knob.js'
import { resolveSpsa } from './resolve-spsa.js'
import type { SignalKind } from './signal.js'

export type ResolvedJournal =
  | { kind: 'memory'; bytes: number }
  | { kind: 'folder'; folder: string; maxBytes: number; keep: number; syncMs: number; maxPending: number }
  | { kind: 'sink'; sink: JournalSink }
  | { kind: 'storage'; store: Storage; options: StoredJournalOptions; resume: boolean }

export interface Resolved {
  readonly engine: Omit<EngineConfig, 'now_us' | 'run_id' | 'seed' | 'previous'>
  readonly runId: string | undefined
  readonly seed: number | undefined
  readonly knobs: readonly ResolvedKnob[]
  readonly signals: readonly SignalShape[]
  readonly objective: (metrics: never) => unknown
  /** 1 to minimise, -1 to maximise. */
  readonly sign: 1 | -1
  readonly constraints: readonly ResolvedConstraint[]
  readonly windowUs: number
  readonly manual: boolean
  readonly clock: Clock
  /** Undefined: the entry's default. */
  readonly journal: ResolvedJournal | undefined
  readonly lanes: number
  readonly ring: number
  readonly applyTimeoutMs: number
  readonly closeTimeoutMs: number
  readonly controlFile: string | undefined
  readonly controlSignal: boolean
}

const OPTIONS = [
  'name', 'knobs', 'signals', 'minimize', 'maximize', 'constraints', 'guardrails', 'mode', 'strategy', 'spsa', 'window', 'tick', 'seed', 'runId',
  'clock', 'journal', 'storage', 'journalQueue', 'lanes', 'ring', 'applyTimeout', 'controlFile', 'controlSignal', 'closeTimeout',
] as const // biome-ignore format: a table

const TEN_MINUTES = 600_000

export function validate(input: unknown): Resolved {
  const o = check.object('options', input) as Partial<Record<(typeof OPTIONS)[number], unknown>>
  check.onlyKeys('', o, OPTIONS)
  const name = check.name('name', o.name)
  const knobs = entries('knobs', o.knobs, KNOBS_MAX).map(([key, value], i) => resolveKnob(key, value, i))
  const signals = entries('signals', o.signals, SIGNALS_MAX).map(([key, value]) => resolveSignal(key, value))
  if ((o.minimize === undefined) === (o.maximize === undefined)) {
    throw invalid('minimize', 'given, or `maximize`, but not both', o.minimize === undefined ? undefined : 'both')
  }
  const objective = o.minimize === undefined ? check.fn('maximize', o.maximize) : check.fn('minimize', o.minimize)
  for (const knob of knobs) {
    for (const replaced of knob.shadow?.replaces ?? []) {
      if (!signals.some((signal) => signal.name === replaced))
        throw unknownSignal(`knobs.${knob.name}.shadow.replaces`, replaced, signals)
    }
  }
  const strategy = check.oneOf('strategy', o.strategy, STRATEGIES, 'kalman')
  const windowUs = Math.round(check.duration('window', o.window, { min: 10, max: 60_000, fallback: 250 }) * 1000)
  const ring = check.number('ring', o.ring, { min: 64, max: MAX_RING, whole: true, fallback: 8192 })
  if ((ring & (ring - 1)) !== 0) throw invalid('ring', 'a power of two', o.ring)
  return {
    engine: {
      name,
      window_us: windowUs,
      mode: check.oneOf('mode', o.mode, MODES, 'recommend'),
      strategy,
      spsa: resolveSpsa(o.spsa, strategy),
      guardrails: resolveGuardrails(o.guardrails),
      knobs: knobs.map((knob) => knob.config),
      signals: signals.map(({ name, kind, guard }) => ({ name, kind, guard })),
      journal_capacity: check.number('journalQueue', o.journalQueue, {
        min: 64,
        max: 65536,
        whole: true,
        fallback: 4096,
      }),
    },
    runId: o.runId === undefined ? undefined : runId(o.runId),
    seed: o.seed === undefined ? undefined : check.number('seed', o.seed, { min: 0, max: 2 ** 32 - 1, whole: true }),
    knobs,
    signals,
    objective: objective as Resolved['objective'],
    sign: o.minimize === undefined ? -1 : 1,
    constraints: resolveConstraints(o.constraints, signals),
    windowUs,
    manual: check.oneOf('tick', o.tick, ['auto', 'manual'], 'auto') === 'manual',
    clock: o.clock === undefined ? systemClock : clock(o.clock),
    journal: keptWhere(o.journal, o.storage),
    lanes: check.number('lanes', o.lanes, { min: 1, max: MAX_LANES, whole: true, fallback: 16 }),
    ring,
    applyTimeoutMs: check.duration('applyTimeout', o.applyTimeout, { min: 1, max: TEN_MINUTES, fallback: 5000 }),
    closeTimeoutMs: check.duration('closeTimeout', o.closeTimeout, { min: 0, max: 60_000, fallback: 2000 }),
    controlFile: o.controlFile === undefined ? undefined : check.text('controlFile', o.controlFile),
    controlSignal: check.boolean('controlSignal', o.controlSignal, true),
  }
}

function entries(option: string, value: unknown, most: number): [string, unknown][] {
  const all = Object.entries(check.object(option, value))
  if (all.length < 1 || all.length > most) throw invalid(option, `1 to ${most} entries`, `${all.length} entries`)
  for (const [key] of all) check.name(`${option}.${key}`, key)
  return all
}

function resolveSignal(name: string, declared: unknown): SignalShape & { guard: boolean } {
  const { kind, options } = check.object(`signals.${name}`, declared) as { kind: SignalKind; options: unknown }
  if (!['duration', 'ratio', 'count', 'gauge'].includes(kind)) {
    throw invalid(`signals.${name}`, 'made by signal.duration(), signal.ratio(), …', declared)
  }
  const o = check.object(`signals.${name}`, options ?? {})
  check.onlyKeys(`signals.${name}`, o, kind === 'ratio' ? ['guard'] : [])
  return { name, kind, guard: check.boolean(`signals.${name}.guard`, o.guard, false) }
}

function clock(value: unknown): Clock {
  const given = check.object('clock', value) as Partial<Clock>
  check.fn('clock.nowUs', given.nowUs)
  return given as Clock
}

function runId(value: unknown): string {
  if (typeof value !== 'string' || !/^[A-Za-z0-9_-]{1,64}$/.test(value))
    throw invalid('runId', '1 to 64 of A-Z a-z 0-9 _ -', value)
  return value
}

const KB64 = 65_536
const MB256 = 2 ** 28

function journal(value: unknown): ResolvedJournal {
  if (typeof value === 'string') return folderJournal(value)
  const o = check.object('journal', value)
  if (typeof o.write === 'function' && typeof o.room === 'function' && typeof o.close === 'function') {
    return { kind: 'sink', sink: value as JournalSink }
  }
  if ('memory' in o) {
    check.onlyKeys('journal', o, ['memory'])
    return { kind: 'memory', bytes: check.bytes('journal.memory', o.memory, { min: KB64, max: MB256 }) }
  }
  check.onlyKeys('journal', o, ['folder', 'maxBytes', 'keep', 'sync', 'maxPending'])
  return {
    kind: 'folder',
    folder: check.text('journal.folder', o.folder),
    maxBytes: check.bytes('journal.maxBytes', o.maxBytes, { min: KB64, max: 2 ** 30, fallback: 64e6 }),
    keep: check.number('journal.keep', o.keep, { min: 2, max: 10_000, whole: true, fallback: 8 }),
    syncMs: check.duration('journal.sync', o.sync, { min: 0, max: 60_000, fallback: 1000 }),
    maxPending: check.bytes('journal.maxPending', o.maxPending, { min: KB64, max: MB256, fallback: 4 * 2 ** 20 }),
  }
}

function keptWhere(given: unknown, storage: unknown): ResolvedJournal | undefined {
  if (storage === undefined) return given === undefined ? undefined : journal(given)
  if (given !== undefined) throw invalid('storage', 'left out where `journal` is given', 'both')
  const o = check.object('storage', storage)
  // Not by its class: a store of another copy of the package, or of the application's own, is as good.
  if (typeof o.openJournal === 'function')
    return { kind: 'storage', store: storage as Storage, options: {}, resume: true }
  const { store, resume, ...options } = o
  if (typeof (store as Partial<Storage> | undefined)?.openJournal !== 'function') {
    throw invalid('storage.store', "a store of 'homeostat/storage', as openStorage() gives it", store)
  }
  const goesOn = check.boolean('storage.resume', resume, true)
  return { kind: 'storage', store: store as Storage, options: options as StoredJournalOptions, resume: goesOn }
}

/** A journal folder with every other setting at its default. */
export function folderJournal(folder: string): ResolvedJournal {
  return journal({ folder })
}
