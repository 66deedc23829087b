/**
 * What a store keeps, and how it is asked. Implementations differ in where the bytes are; all of them pass one suite
 * (`conformance/`).
 *
 * - A **log** is a sequence of JSON Lines, each with the SHA-256 that chains it to the line before: a tuner's journal, a solver's
 *   study. It has one writer at a time. What was acknowledged is never lost by the end of a process, and every line is checked
 *   against the chain before it is taken.
 * - An **item** is a small JSON value under a scope and an id, with a version that counts up: a tuner's state, a regime, what is
 *   known of a kernel.
 * - An **artifact** is a blob under the SHA-256 of its bytes, see `artifacts.ts`.
 *
 * Nothing here waits on a hot path: a tuner hands its journal to a sink, which writes in its own time.
 */
import type { JournalSink } from '../journal/sink.js'
import type { StudyStore } from '../solver/study.js'
import type { BytesInput, DurationInput } from '../units.js'
import type { ArtifactStore } from './artifacts.js'

/** Everything that one store keeps. */
export interface Storage {
  /** What it is, for people: `memory`, `sqlite`, `postgres`, … */
  readonly kind: string
  /** Journals of tuners, one log for each process that runs a tuner. */
  readonly journals: LogRepository
  /** Studies of the solver. */
  readonly studies: StudyRepository
  /** Where each tuner stands, kept with its journal: scope is the tuner's name, id its journal's. */
  readonly tuners: ItemRepository<TunerState>
  /** The first entry of each tuner's latest run, which its journal may have lost by now: scope is the tuner's name, id its journal's. */
  readonly runs: ItemRepository<RunStart>
  /** Answers that a server gave to commands with an `Idempotency-Key`: scope is the token's name, id the key. */
  readonly answers: ItemRepository<StoredAnswer>
  /**
   * Conditions that were met before: scope is the tuner's name. For applications: the tuner itself keeps none, since memory of regimes
   * was measured to gain too little (docs/storage.md).
   */
  readonly regimes: ItemRepository<Regime>
  /** What is known of compiled kernels: scope is the library's name. */
  readonly kernels: KernelRepository
  /** What journals let go of, as artifacts: scope is the log, id the places of a piece's first entry and behind its last one. */
  readonly archives: ItemRepository<ArchivedPiece>
  /**
   * A journal from its first entry on: what was archived of it in `artifacts`, and behind that what the store has. For
   * `verifyJournal()` and `replayJournal()`.
   */
  readArchived(log: string, artifacts: ArtifactStore): AsyncGenerator<Uint8Array>
  /** Where `homeostat({ storage })` writes the journal of the tuner `name`. */
  openJournal(name: string, options?: StoredJournalOptions): Promise<JournalSink>
  /** Rejects with `HOMEOSTAT_STORAGE_*` where the store cannot be used now. */
  ping(): Promise<void>
  /** Gives back every log and connection. Safe to call twice. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** How a tuner's journal is kept in a store. */
export interface StoredJournalOptions {
  /** Name of the log, where several processes run a tuner of one name. 1 to 128 of A-Z a-z 0-9 . _ : -; default the tuner's name. */
  log?: string
  /** Longest time that entries wait to be written together. 0 to 10 s; default 100 ms. */
  batch?: DurationInput
  /** Bytes that may wait while the store is away; beyond them entries stay in the core's queue. 64 kB to 256 MB; default 4 MiB. */
  maxPending?: BytesInput
  /** Newest entries that are kept, about. 1000 to 1e9; default 1e6. */
  keep?: number
  /**
   * Where older entries go before they are removed, in pieces of about 2000, compressed; while it is away they stay. It stays the
   * application's to close, after the tuner. Default: nowhere, they are removed.
   */
  archive?: ArtifactStore
}

/** Logs of one kind. */
export interface LogRepository {
  /**
   * Becomes the writer of a log, which is made where there is none. Throws `HOMEOSTAT_STORAGE_LOCKED` while another writer lives; one
   * whose end cannot be seen from here counts as gone when it gave no sign for `lease`.
   */
  open(name: string): Promise<LogWriter>
  /** What is stored under a name; undefined where there is nothing. */
  info(name: string): Promise<LogInfo | undefined>
  /** Every log, by name. */
  list(): Promise<LogInfo[]>
  /** Entries in order, or the newest first; at most `limit` (1 to 10000, default 1000). */
  entries(name: string, query?: LogQuery): Promise<LogEntry[]>
  /** The text as it was written, in pieces: what `verifyJournal()` and `replayJournal()` take. */
  read(name: string, from?: number): AsyncGenerator<Uint8Array>
  /** Follows the chain through everything that is stored. */
  verify(name: string): Promise<LogVerification>
  /** Removes the oldest entries so that `keep` are left; what went. */
  trim(name: string, keep: number): Promise<{ entries: number; bytes: number }>
  /** Removes a log that nobody writes, and of a journal which pieces it archived; their artifacts stay. False where there was none. */
  remove(name: string): Promise<boolean>
}

export interface StudyRepository extends LogRepository {
  /** For `minimize({ checkpoint })`: the study is kept in the log of this name, and goes on from there. */
  checkpoint(name: string): StudyStore
}

/** The one writer of a log. */
export interface LogWriter {
  readonly name: string
  /** What the log ends with. */
  readonly head: LogHead
  /**
   * Adds whole lines; when it resolves they are kept. `state` is kept in the same step, as the item `tuners/<scope>/<id>`. Repeating
   * an append whose outcome is unknown adds nothing twice. Throws `HOMEOSTAT_JOURNAL_*` for lines that do not continue the chain,
   * `HOMEOSTAT_STORAGE_FENCED` when another writer took over, and what the store throws.
   */
  append(lines: string | Uint8Array, state?: StateOf): Promise<void>
  /** Removes the oldest entries so that `keep` are left. */
  trim(keep: number): Promise<{ entries: number; bytes: number }>
  /** Lets others write. Safe to call twice. */
  close(): Promise<void>
}

export interface StateOf {
  readonly scope: string
  readonly id: string
  readonly value: TunerState
}

export interface LogHead {
  /** Entries that were ever written: the place of the next one. */
  readonly next: number
  /** Hash of the last entry, 64 hex digits; undefined before the first. */
  readonly hash: string | undefined
  /** What the last entry is; undefined before the first. */
  readonly event: string | undefined
}

export interface LogInfo extends LogHead {
  readonly name: string
  /** Place of the oldest entry that is still there. */
  readonly first: number
  /** Bytes of the entries that are still there. */
  readonly bytes: number
  /** Whether a writer holds it, as far as the store knows. */
  readonly held: boolean
}

export interface LogQuery {
  /** Entries from this place on. */
  readonly from?: number
  /** Entries before this place. */
  readonly before?: number
  /** Only these events; at most 32. */
  readonly events?: readonly string[]
  /** 1 to 10000; default 1000. */
  readonly limit?: number
  /** The newest first. Default false. */
  readonly newestFirst?: boolean
}

export interface LogEntry {
  /** Its place in the log, from 0. */
  readonly position: number
  /** What it is: a journal's event, or the kind of a study's line. */
  readonly event: string
  /** The line without its end. */
  readonly line: string
}

export interface LogVerification {
  readonly ok: boolean
  readonly entries: number
  /** Place and reason of the first entry that does not follow. */
  readonly firstBad?: { readonly position: number; readonly code: string; readonly reason: string }
}

/** Items of one kind. Scopes and ids are 1 to 256 characters, values at most 1 MiB of JSON. */
export interface ItemRepository<T> {
  get(scope: string, id: string): Promise<Item<T> | undefined>
  /**
   * Keeps a value. With `version` only if that is still the present one (0: if there is none), else `HOMEOSTAT_STORAGE_CONFLICT`;
   * without it the last one wins. Returns the new version.
   */
  put(scope: string, id: string, value: T, version?: number): Promise<number>
  /** False where there was none, or not of this version. */
  remove(scope: string, id: string, version?: number): Promise<boolean>
  /** By scope and id; at most `limit` (1 to 10000, default 1000), after the place `after`. */
  list(query?: ItemQuery): Promise<Item<T>[]>
}

export interface ItemQuery {
  readonly scope?: string
  /** Start of the id. */
  readonly prefix?: string
  /** Goes on after this item, of which scope and id count. */
  readonly after?: { readonly scope: string; readonly id: string }
  readonly limit?: number
}

export interface Item<T> {
  readonly scope: string
  readonly id: string
  /** 1 for the first value, one more for each that followed. */
  readonly version: number
  /** When it was kept, in milliseconds of wall time: for display. */
  readonly updatedMs: number
  readonly value: T
}

/** Where a tuner stood when its journal was last written. Follows from the journal alone. */
export interface TunerState {
  readonly runId: string
  /** Sequence number of the last entry that is in it. */
  readonly seq: number
  readonly generation: number
  readonly mode: string
  readonly control: string
  /** Live values in knob units, and what a rollback goes back to; null before anything was certified. */
  readonly values: Readonly<Record<string, number>>
  readonly certified: Readonly<Record<string, number>> | null
  /** Knobs that were frozen by hand. */
  readonly frozen?: readonly string[]
  /** What an operator said in this run by a call or a signal, and has not withdrawn; null: nothing. */
  readonly said?: { readonly control: 'freeze' | 'off' | null; readonly mode: string | null }
  /** Why knobs are held; null outside of SafeMode. */
  readonly safeMode: string | null
  /** Whether the run ended by its `stop`. */
  readonly stopped: boolean
}

/** How a run began. */
export interface RunStart {
  readonly runId: string
  /** The journal's line, hash included. */
  readonly line: string
}

/** An answer, or that one was begun. */
export interface StoredAnswer {
  /** Of the request: the same key with another one is refused. */
  readonly fingerprint: string
  /** Run of the server that did it. */
  readonly runId: string
  readonly atMs: number
  readonly answer: {
    readonly status: number
    readonly headers: Readonly<Record<string, string>>
    readonly body: string
  } | null
}

/** Lines of a journal, compressed, in an artifact. */
export interface ArchivedPiece {
  /** Place behind its last entry. */
  readonly next: number
  readonly digest: string
}

/** Conditions that were met before, and what was best in them. */
export interface Regime {
  /** Where it lies among the features that tell regimes apart. */
  readonly features: readonly number[]
  /** What was best, in knob units. */
  readonly values: Readonly<Record<string, number>>
  readonly objective: number
  /** Windows that it was seen in. */
  readonly windows: number
}

export interface KernelRepository extends ItemRepository<KernelRecord> {
  /** For `forge({ library })`: what it learns is kept here, and shared by all who name the library alike. Default `forge`. */
  library(name?: string): KernelLines
}

/** Lines of a forge's library, each a fact with its checksum. Of several about one kernel on one device the last one is kept. */
export interface KernelLines {
  load(): Promise<Uint8Array | undefined>
  /** What others kept since it was last read; undefined where there is nothing. */
  grown(): Promise<Uint8Array | undefined>
  append(lines: string): Promise<void>
}

/** What is known of a kernel on a device. */
export interface KernelRecord {
  /** Name or hash of the computation. */
  readonly blueprint: string
  /** Its place in the lifecycle. */
  readonly state: string
  readonly tags: readonly string[]
  /** Seconds of a run, the median; none for a blueprint's own record. */
  readonly seconds?: number
  /** Artifact with its source or binary. */
  readonly artifact?: string
  /** The library's own line, checksum included. */
  readonly fact?: string
}
