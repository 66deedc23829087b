/**
 * Events of a tuner, and the one table that maps journal entries to them. A listener that throws is counted and never
 * reaches the loop.
 */
import type { HomeostatError } from '../errors.js'

/** One line of the journal. */
export interface JournalEntry {
  readonly seq: number
  readonly event: string
  readonly time_us: number
  readonly run_id: string
  readonly proposal_id: number | null
  readonly generation: number
  readonly payload: Readonly<Record<string, unknown>>
  readonly hash: string
}

/** Something that the core decided: the journal entry in JavaScript's spelling. `payload` carries the evidence. */
export interface TunerEvent {
  readonly type: JournalEventType
  /** The journal's own name of the event. */
  readonly event: string
  readonly seq: number
  /** Monotonic time of the tuner's clock, in microseconds. */
  readonly timeUs: number
  readonly runId: string
  /** Joins a proposal, its application and what came of it; null for events that belong to none. */
  readonly proposalId: number | null
  readonly generation: number
  readonly payload: Readonly<Record<string, unknown>>
}

type Payload = Readonly<Record<string, unknown>>

/** Journal event -> event for listeners; where one becomes two, the payload decides. */
const TABLE = {
  start: 'started',
  window: 'window',
  shadow: 'shadow',
  control: 'control',
  freeze: 'frozen',
  unfreeze: 'unfrozen',
  mode: 'mode',
  propose: 'operator',
  trial: 'operator',
  'enter-safe-mode': 'operator',
  acknowledge: 'operator',
  'roll-back': 'operator',
  pushed: (payload: Payload) => (payload.ok === false ? 'pushFailed' : 'pushed'),
  overflow: 'warning',
  gap: 'warning',
  'high-water': 'warning',
  stop: 'stopped',
  proposal: (payload: Payload) => (payload.verdict === 'approved' ? 'proposed' : 'rejected'),
  apply: 'applied',
  rollback: 'rolledBack',
  'safe-mode': 'safeMode',
  recovered: 'recovered',
  certify: 'certified',
  regression: 'regression',
  drift: 'drift',
  'trial-end': 'trialEnd',
  recommend: 'recommended',
  withdraw: 'withdrawn',
} as const

/** The journal's own names of events. */
export const JOURNAL_EVENTS: readonly string[] = Object.keys(TABLE)

type Mapped<T> = T extends (payload: Payload) => infer R ? R : T
/** Events that come from the journal. */
export type JournalEventType = Mapped<(typeof TABLE)[keyof typeof TABLE]>

/** The objective threw or was not finite; at most once per minute. */
export interface ObjectiveErrorEvent {
  readonly type: 'objectiveError'
  /** `HOMEOSTAT_OBJECTIVE_FAILED`; its `cause` is what the objective threw. */
  readonly error: HomeostatError
  /** How often it happened since the start. */
  readonly count: number
}
/** The loop cannot go on: the core panicked. The knobs are back at their initial values. */
export interface FailedEvent {
  readonly type: 'failed'
  readonly error: HomeostatError
}
/** The façade noticed something that is not a decision: a journal that fails, a clock that jumps, an unreadable control file. */
export interface TroubleEvent {
  readonly type: 'trouble'
  readonly code: string
  readonly message: string
}

export type EventMap = { [T in JournalEventType]: TunerEvent } & {
  objectiveError: ObjectiveErrorEvent
  failed: FailedEvent
  trouble: TroubleEvent
}
export type EventName = keyof EventMap

/** The event for a journal entry; undefined for entries that this version does not know. */
export function eventOf(entry: JournalEntry): TunerEvent | undefined {
  const mapped = Object.hasOwn(TABLE, entry.event) ? TABLE[entry.event as keyof typeof TABLE] : undefined
  if (mapped === undefined) return undefined
  return {
    type: typeof mapped === 'function' ? mapped(entry.payload) : mapped,
    event: entry.event,
    seq: entry.seq,
    timeUs: entry.time_us,
    runId: entry.run_id,
    proposalId: entry.proposal_id,
    generation: entry.generation,
    payload: entry.payload,
  }
}

type Listener = (event: never) => void

export class Emitter {
  /** Listeners that threw, since the start. */
  errors = 0
  readonly #listeners = new Map<string, Set<Listener>>()

  on(name: string, listener: Listener): () => void {
    let set = this.#listeners.get(name)
    if (set === undefined) {
      set = new Set()
      this.#listeners.set(name, set)
    }
    // A wrapper per registration, so that registering one function twice needs two removals.
    const entry: Listener = (event) => listener(event)
    set.add(entry)
    return () => {
      set.delete(entry)
    }
  }

  has(name: string): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0
  }

  /** Whether anybody listens to what comes from the journal. */
  get wantsJournal(): boolean {
    for (const [name, set] of this.#listeners) {
      if (set.size > 0 && name !== 'objectiveError' && name !== 'failed' && name !== 'trouble') return true
    }
    return false
  }

  emit<N extends EventName>(name: N, event: EventMap[N]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        listener(event as never)
      } catch {
        this.errors++
      }
    }
  }
}

const decoder = new TextDecoder()

/** Emits the events of whole JSON Lines. */
export function emitJournal(bytes: Uint8Array, emitter: Emitter): void {
  for (const line of decoder.decode(bytes).split('\n')) {
    if (line === '') continue
    let entry: JournalEntry
    try {
      entry = JSON.parse(line) as JournalEntry
    } catch {
      emitter.errors++
      continue
    }
    const event = eventOf(entry)
    if (event !== undefined && emitter.has(event.type)) emitter.emit(event.type, event)
  }
}

/** What a tuner decides and what it is told, besides windows: the server shows it, metrics count it. */
export const CHANGE_EVENTS = [
  'applied',
  'rolledBack',
  'rejected',
  'safeMode',
  'recovered',
  'certified',
  'regression',
  'drift',
  'trialEnd',
  'recommended',
  'withdrawn',
  'control',
  'frozen',
  'unfrozen',
  'mode',
  'operator',
  'pushFailed',
  'started',
  'stopped',
  'warning',
] as const satisfies readonly JournalEventType[]
