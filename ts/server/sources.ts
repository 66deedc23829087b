/**
 * Where the server gets what it shows, and whom it hands commands to. A live tuner is one source; the journal of another process is
 * another one.
 */
import type { Operable, TunerCommand } from './api/commands.js'
import type { Change, TunerState } from './api/state.js'
import type { History } from './history/history.js'

/** What became of a command. */
export interface Obeyed {
  /** Undefined: it was done. */
  readonly violation: string | undefined
  readonly generation: number
  /** Entries of the tuner's journal that it caused. */
  readonly entries: readonly number[]
}

/** Changes, the newest first. */
export interface ChangesQuery {
  readonly limit: number
  /** Only what is older than this entry of `run`; without a run, of the present one, and nothing of those before it. */
  readonly before?: number | undefined
  readonly run?: string | undefined
  readonly types?: readonly string[] | undefined
  /** False: without them. */
  readonly probes?: boolean | undefined
}

export interface TunerSource {
  readonly name: string
  readonly history: History
  state(): Promise<TunerState>
  operable(): Promise<Operable>
  /** Throws a problem for what cannot be asked here; may be asynchronous up to the moment it acts, never after a look at the state. */
  obey(command: TunerCommand): Promise<Obeyed>
  changes(query: ChangesQuery): readonly Change[] | Promise<readonly Change[]>
  close(): void
}

/** What a source tells the server. */
export interface Listener {
  changed(change: Change): void
}

/** A short name for a state: what differs has, but for one chance in 2^64, another one. Not against people who choose the state. */
export function revisionOf(value: unknown): string {
  const text = JSON.stringify(value)
  let [a, b] = [0x811c9dc5, 0x9747b28c]
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    a = Math.imul(a ^ code, 0x01000193)
    b = Math.imul(b ^ code, 0x5bd1e995)
    b ^= b >>> 15
  }
  return [a, b].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('')
}
