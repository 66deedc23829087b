/**
 * Options of `homeostat()`. Every option states its unit, range and default; `schema/validate.ts` holds them to it.
 */
import type { Clock } from '../clock.js'
import type { JournalSink } from '../journal/sink.js'
import type { Storage, StoredJournalOptions } from '../storage/contract.js'
import type { BytesInput, DurationInput } from '../units.js'
import type { KnobSpecs } from './knob.js'
import type { ConstraintKey, DurationStat, Metrics, SignalSpecs } from './signal.js'

export type Mode = 'observe' | 'recommend' | 'auto'
export type Preset = 'conservative' | 'balanced' | 'aggressive'

/** Limits of every change, over a preset's. Deltas are shares of the knob's range, 0 to 1. */
export interface GuardrailOptions {
  /** The preset that the other fields refine. Default `balanced`. */
  preset?: Preset
  /** Largest step of one update. 0.001 to 1; conservative 0.05, balanced 0.1, aggressive 0.2. */
  maxDelta?: number
  /** Updates per second. 1 to 100; 2, 10, 20. */
  updatesPerSecond?: number
  /** Least time between two updates. 0 to 1 min; 500, 100, 50 ms. */
  minInterval?: DurationInput
  /** Direction changes per minute and knob. 0 to 60; 2, 3, 5. */
  flipsPerMinute?: number
  /** How long SafeMode lasts. 0 to 1 h; 60, 30, 10 s. */
  cooldown?: DurationInput
  /** Total movement per minute and knob. 0.001 to 60; 0.25, 0.5, 1. */
  cumulativePerMinute?: number
  /** Consecutive regressions until SafeMode. 1 to 100; 3, 5, 8. */
  regressions?: number
  /** Largest distance of a probe from the baseline. 0 to `maxDelta`; 0.05, or `maxDelta` where that is smaller. */
  probeAmplitude?: number
  /** Consecutive regressions until a rollback. 1 to 100; 2, 3, 5. */
  rollbackAfter?: number
  /** Rollbacks per hour until SafeMode. 0 to 1000; 2, 4, 10. */
  rollbacksPerHour?: number
  /** How long a configuration must stay healthy to be certified. 0 to 1 h; 30, 5, 1 s. */
  minStable?: DurationInput
  /** How often per hour the initial configuration is tried again, to see whether it has become the better one. 0 to 1000; 12. */
  challengesPerHour?: number
  /** Steps back from a violated constraint per hour until SafeMode. 0 to 1000; 30. */
  backOffsPerHour?: number
}

/** Settings of the strategy `spsa`: gains a / (k + 1 + A)^0.602 and c / (k + 1)^0.101. */
export interface SpsaOptions {
  /** How the digests of one evaluation become one number. Default `trimmed-mean`, without the lowest and the highest tenth. */
  aggregate?: 'trimmed-mean' | 'median' | 'mean'
  /** `decaying` (default) settles; `constant` keeps the gains of k = 0 and follows an optimum that moves. */
  gains?: 'decaying' | 'constant'
  /** a, in shares of the range per unit of relative slope. 0.001 to 10; default 0.25. */
  step?: number
  /** c, a share of the range; `guardrails.probeAmplitude` bounds it. 0.001 to 1; default 0.05. */
  probe?: number
  /** A. 0 to 1e6; default 20. */
  stability?: number
  /** Digests (windows) of one evaluation. 1 to 100; default 5. */
  digests?: number
  /** Time of one evaluation, whatever its digests, but two windows at least. 10 ms to 10 min; default 500 ms. */
  evaluation?: DurationInput
}

/** A bound on a metric; `min`, `max` or both. Durations as `'120ms'` or milliseconds. */
export interface Bound<T = number> {
  max?: T
  min?: T
}
export type Constraints<S extends SignalSpecs> = {
  readonly [N in ConstraintKey<S>]?: N extends `${string}.${infer Stat}`
    ? Stat extends DurationStat
      ? Bound<Stat extends 'count' ? number : DurationInput>
      : Bound
    : Bound
}

export interface JournalFolderOptions {
  /** Folder of the segments `<name>-<n>.jsonl`; made when missing, owned by one process at a time. */
  folder: string
  /** Largest size of a segment. 64 kB to 1 GB; default 64 MB. */
  maxBytes?: BytesInput
  /** Segments kept, the oldest go first. 2 to 10000; default 8. */
  keep?: number
  /** Longest time until written entries are forced to the disk. 0 (each write) to 60 s; default 1 s. */
  sync?: DurationInput
  /** Bytes that may wait for the disk; beyond them entries stay in the core's queue. 64 kB to 256 MB; default 4 MiB. */
  maxPending?: BytesInput
}
export interface JournalMemoryOptions {
  /** Newest entries kept in memory. 64 kB to 256 MB; default 4 MiB. Older ones are dropped and counted. */
  memory: BytesInput
}

export interface TunerStorageOptions extends StoredJournalOptions {
  /** From `openStorage()` of `homeostat/storage`. It stays the application's to close, after the tuner. */
  store: Storage
  /**
   * Whether the tuner goes on where the run before stood: what an operator held stays held, and in mode `auto` what was certified last is
   * gone to step by step, within the guardrails. Default true.
   */
  resume?: boolean
}

export interface HomeostatOptions<K extends KnobSpecs, S extends SignalSpecs> {
  /** Names the tuner in the journal and in file names. 1 to 64 of A-Z a-z 0-9 _ -, starting with a letter. */
  name: string
  /** 1 to 32 knobs. */
  knobs: K
  /** 1 to 64 signals. */
  signals: S
  /** The objective, lower is better; called once per window. NaN: this window says nothing. One of `minimize` and `maximize`. */
  minimize?: (metrics: Metrics<S>) => number
  /** The objective, higher is better. */
  maximize?: (metrics: Metrics<S>) => number
  /** Bounds that come before the objective, for example `{ 'latency.p99': { max: '120ms' } }`. */
  constraints?: Constraints<S>
  /** Limits of every change. Default `'balanced'`. */
  guardrails?: Preset | GuardrailOptions
  /** `recommend` (default) says what it would do, `observe` only measures, `auto` changes knobs. */
  mode?: Mode
  /** `kalman` (default) or `spsa`. */
  strategy?: 'kalman' | 'spsa'
  /** Settings of `spsa`, where that is the strategy. */
  spsa?: SpsaOptions
  /** Length of a telemetry window. 10 ms to 60 s; default 250 ms. */
  window?: DurationInput
  /** `'auto'` (default): a timer five times per window that does not keep the process alive. `'manual'`: call `tuner.tick()`. */
  tick?: 'auto' | 'manual'
  /** Seed of the only random generator. 0 to 2^32 - 1; default: from the run's id. */
  seed?: number
  /** Identifies this run in the journal. 1 to 64 of A-Z a-z 0-9 _ -; default a random UUID. */
  runId?: string
  /** Monotonic clock. Default: the runtime's. */
  clock?: Clock
  /**
   * Where the journal goes: a folder, `{ folder, ... }` (Node, Deno, Bun), `{ memory: bytes }`, or a sink. Default: the folder
   * in HOMEOSTAT_JOURNAL if that is set, else 4 MiB of memory.
   */
  journal?: string | JournalFolderOptions | JournalMemoryOptions | JournalSink
  /**
   * Keeps the journal in a store of `homeostat/storage`, and with it the tuner's state (`store.tuners`), instead of `journal`. One
   * process at a time writes a log, else `HOMEOSTAT_STORAGE_LOCKED`: where several run a tuner of one name, give each a `log`.
   */
  storage?: Storage | TunerStorageOptions
  /** Capacity of the core's journal queue, in entries. 64 to 65536; default 4096. When it is full, SafeMode holds the knobs. */
  journalQueue?: number
  /** Threads that can report samples, the owner among them. 1 to 256; default 16. */
  lanes?: number
  /** Samples per thread between two ticks, a power of two. 64 to 1048576; default 8192. A full ring drops and counts. */
  ring?: number
  /** Longest time that one `apply` may take. 1 ms to 10 min; default 5 s. */
  applyTimeout?: DurationInput
  /** File whose content `off`, `freeze` or `on` is obeyed within 200 ms, even while the event loop is blocked (Node, Deno, Bun). */
  controlFile?: string
  /** Whether SIGUSR2 means `off` (Node and Bun on POSIX). Default true. */
  controlSignal?: boolean
  /** Longest time that `close()` may take. 0 to 60 s; default 2 s. */
  closeTimeout?: DurationInput
}
