/**
 * Where a tuner stands, as its journal tells: a fold over the entries, so that it can never say something else than they do. Journals of
 * other scopes (operations, a reflex, a forge) have no such state; lines that are none are for the log to refuse.
 */
import type { RunStart, TunerState } from '../contract.js'

interface Entry {
  readonly seq: number
  readonly event: string
  readonly run_id: string
  readonly generation: number
  readonly payload: Readonly<Record<string, unknown>>
}

type Values = Readonly<Record<string, number>>

export class StateFold {
  #state: TunerState | undefined
  #start: RunStart | undefined

  /** How the run began; undefined for a log that is no tuner's. */
  get start(): RunStart | undefined {
    return this.#start
  }

  /** Undefined before the first entry that says anything. */
  get state(): TunerState | undefined {
    return this.#state
  }

  /** Takes one line of the journal; whether it changed more than the sequence number. */
  push(line: string): boolean {
    const entry = entryOf(line)
    if (entry === undefined) return false
    const begins = entry.event === 'start'
    if (begins) {
      this.#state = begun(entry)
      this.#start = this.#state === undefined ? undefined : { runId: entry.run_id, line }
    }
    const before = this.#state
    if (before === undefined) return false
    const change = changeOf(entry, before)
    this.#state = { ...before, ...change, seq: entry.seq, generation: entry.generation }
    return change !== undefined || begins
  }
}

/** Undefined for what is no entry. */
function entryOf(line: string): Entry | undefined {
  try {
    const entry = JSON.parse(line) as Entry | null
    return typeof entry?.payload === 'object' && entry.payload !== null ? entry : undefined
  } catch {
    return undefined
  }
}

/** Undefined where no tuner began. */
function begun({ run_id, seq, generation, payload }: Entry): TunerState | undefined {
  const knobs = payload.knobs as readonly { name: string; initial: number }[] | undefined
  const tunes =
    payload.scope === undefined &&
    Array.isArray(knobs) &&
    knobs.every((knob) => typeof knob === 'object' && knob !== null)
  if (!tunes) return undefined
  return {
    runId: run_id,
    seq,
    generation,
    mode: String(payload.mode),
    control: 'on',
    values: Object.fromEntries(knobs.map(({ name, initial }) => [name, initial])),
    certified: null,
    frozen: [],
    said: SILENT,
    safeMode: null,
    stopped: false,
  }
}

function changeOf({ event, payload }: Entry, before: TunerState): Partial<TunerState> | undefined {
  switch (event) {
    case 'apply':
    case 'rollback':
      return { values: payload.values as Values }
    case 'certify':
      return { certified: payload.values as Values }
    case 'mode':
      return { mode: String(payload.mode), said: { ...SILENT, ...before.said, mode: String(payload.mode) } }
    case 'control':
      return { control: String(payload.control), said: { ...SILENT, ...before.said, ...saidBy(payload) } }
    case 'freeze':
    case 'unfreeze':
      return { frozen: frozenAfter(event === 'freeze', payload.knob, before) }
    case 'safe-mode':
      return { safeMode: String(payload.reason) }
    case 'recovered':
      return { safeMode: null }
    case 'stop':
      return { stopped: true }
    default:
      return undefined
  }
}

const SILENT = { control: null, mode: null } as const

/** The environment and the control file say themselves at the next start what they say. */
function saidBy({ control, source }: Entry['payload']): { control?: 'freeze' | 'off' | null } {
  if (source !== 'api' && source !== 'signal') return {}
  return { control: control === 'freeze' || control === 'off' ? control : null }
}

/** Without a knob it is all of them. */
function frozenAfter(frozen: boolean, knob: unknown, { values, frozen: before = [] }: TunerState): readonly string[] {
  const named = typeof knob === 'string' ? [knob] : Object.keys(values)
  const rest = before.filter((name) => !named.includes(name))
  return frozen ? [...rest, ...named] : rest
}
