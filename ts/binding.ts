/**
 * The seam between the façade and the Rust core: the only file that both sides agree on.
 *
 * Two implementations exist, `ts/bindings/native.ts` (N-API) and `ts/bindings/wasm.ts` (WebAssembly). Nothing above this
 * file knows which one it runs on. Errors that the core throws arrive as `Error` with a message `HOMEOSTAT_CODE: text`;
 * `ts/errors` turns them into `HomeostatError` with that `code`.
 *
 * Time is monotonic, in microseconds, always an argument. Strings that cross the seam are JSON.
 */
export interface Binding {
  readonly kind: 'native' | 'wasm'
  /** Version of the core; equals the package's version. */
  version(): string
  /** @param config {@link EngineConfig} as JSON. Throws `HOMEOSTAT_INVALID_*` naming option, range and value. */
  createEngine(config: string): Engine
  /** Encodes a digest into its 64-byte wire layout; `fields` as in {@link DIGEST_FIELDS}, absent optional fields are NaN. */
  encodeDigest(fields: Float64Array): Uint8Array
  /** Decodes the 64-byte wire layout; throws `HOMEOSTAT_DIGEST_*` with the reason. */
  decodeDigest(bytes: Uint8Array): Float64Array
  /** Checks a hash-chained journal fed in pieces. */
  createVerifier(): Verifier
  /** Re-runs the decisions of one run from its recorded inputs, fed in pieces. */
  createReplay(): Replay
}

/** Order of the numbers of {@link Binding.encodeDigest}. */
export const DIGEST_FIELDS = [
  'timestampUs',
  'generation',
  'samples',
  'objective',
  'latencyP99Us',
  'throughputRps',
  'errorRate',
  'constraintMargin',
] as const

/** What {@link Engine.readMetrics} writes per signal, `METRIC_STRIDE` numbers each: first those that count for learning. */
export const METRIC_FIELDS = ['count', 'sum', 'mean', 'min', 'max', 'p50', 'p90', 'p99'] as const
export const METRIC_STRIDE = METRIC_FIELDS.length

/** Bits of a sample's meta word: signal index in the low bits, generation at the request's start above. */
export const SIGNAL_BITS = 6
/** Generations are compared modulo this in samples; in the engine they are full 53-bit integers. */
export const GENERATION_WRAP = 1 << 26

export interface EngineConfig {
  name: string
  /** Identifies this process's run in the journal; the façade makes it (a random UUID, or given for replay and tests). */
  run_id: string
  /** Seed of the only random generator, an unsigned 32-bit integer. */
  seed: number
  now_us: number
  /** Length of a telemetry window. 10 ms to 60 s. */
  window_us: number
  mode: 'observe' | 'recommend' | 'auto'
  strategy: 'kalman' | 'spsa'
  /** Settings of `spsa`; what is left out is the core's default. */
  spsa?:
    | ({ aggregate?: 'trimmed-mean' | 'median' | 'mean'; gains?: 'decaying' | 'constant' } & Partial<
        Record<'step' | 'probe' | 'stability' | 'digests' | 'evaluation_us', number>
      >)
    | undefined
  guardrails: { preset: 'conservative' | 'balanced' | 'aggressive' } & Partial<Record<GuardrailField, number>>
  knobs: readonly KnobConfig[]
  signals: readonly SignalConfig[]
  /** Capacity of the in-memory journal queue, in entries. 64 to 65536. */
  journal_capacity: number
  /** Hash of the last entry of the journal that this run continues, 64 hex digits; its own chain follows from it. */
  previous?: string | undefined
}
export type GuardrailField =
  | 'max_delta'
  | 'updates_per_second'
  | 'min_interval_us'
  | 'flips_per_minute'
  | 'cooldown_us'
  | 'cumulative_per_minute'
  | 'regressions'
  | 'probe_amplitude'
  | 'rollback_after'
  | 'rollbacks_per_hour'
  | 'min_stable_us'
  | 'challenges_per_hour'
  | 'back_offs_per_hour'

export interface KnobConfig {
  name: string
  kind: 'number' | 'integer' | 'boolean' | 'choice' | 'duration' | 'bytes'
  scale: 'linear' | 'log' | 'periodic'
  /** Knob units: milliseconds for durations, bytes for bytes, option index for choices, 0 or 1 for booleans. */
  min: number
  max: number
  initial: number
  /** How long a change takes to show in the signals. Default 250 ms. */
  lag_us: number
  /** `probe`: learned by small live experiments. `shadow`: moved only by shadow evaluation. `hold`: moved by operators and trials only. */
  learn: 'probe' | 'shadow' | 'hold'
  /** The value must be pushed by the application (`apply`), which may fail. */
  push: boolean
}
export interface SignalConfig {
  name: string
  kind: 'duration' | 'ratio' | 'count' | 'gauge'
  /** A ratio that must not rise unexpectedly (an error rate): a sequential test pulls the baseline back when it does. */
  guard: boolean
}

/** What a call changed, as a bit set; details are in the journal entries that it queued. */
export const CHANGED = 1 // live values changed: read them with readValues
export const PUSH = 2 // at least one changed knob has to be pushed
export const REFUSED = 4 // something was refused; the journal says what
export const SAFE_MODE = 8 // SafeMode was entered or left

export const CONTROL_ON = 0
export const CONTROL_FREEZE = 1
export const CONTROL_OFF = 2

/** Who gave an operator action. */
export const SOURCE_API = 0
export const SOURCE_FILE = 1
export const SOURCE_SIGNAL = 2
export const SOURCE_ENV = 3

/** One live tuner's core: owns configuration, learning, guardrails and the journal queue. Single-threaded. */
export interface Engine {
  /** Folds samples into the open window. `values[i]` belongs to `meta[i]` (see {@link SIGNAL_BITS}). Durations in ms. */
  ingest(values: Float64Array, meta: Int32Array, nowUs: number): void
  /** Closes the window that ends at `nowUs`; returns how many samples count for learning. Metrics stay readable until the next close. */
  closeWindow(nowUs: number): number
  /** Writes `signals * METRIC_STRIDE` numbers, twice: first for learning, then of all samples (for health). */
  readMetrics(out: Float64Array): void
  /**
   * Decides on the window just closed. `objective`: lower is better, NaN where the window says nothing.
   * `margin`: the worst constraint's (limit - value) / |limit|, NaN without constraints. Returns the change bits.
   */
  decide(objective: number, margin: number): number
  /** Evidence from shadow evaluation: the objective at other values of one knob, from the same traffic. Decided at the next window. */
  shadow(knob: number, values: Float64Array, costs: Float64Array): void
  /** The kill switch: CONTROL_ON, CONTROL_FREEZE (holds the current values) or CONTROL_OFF (returns to the initial values). */
  control(word: number, source: number, nowUs: number): number
  /** Holds one knob at its current value; -1: all of them. */
  freeze(knob: number, nowUs: number): number
  unfreeze(knob: number, nowUs: number): number
  /** 0 observe, 1 recommend, 2 auto. */
  setMode(mode: number, nowUs: number): number
  /**
   * An operator's move under guardrails, in knob units; NaN leaves a knob, no values at all name a knob that is not here. Made
   * for this generation, or for whatever is live (NaN). Returns a verdict: 0 approved, else one more than the place in `VIOLATIONS`.
   */
  propose(values: Float64Array, generation: number, nowUs: number): number
  /** Starts an explicit A/B on a knob between its current value and `value`; decided by itself. Returns a verdict as `propose`. */
  trial(knob: number, value: number, nowUs: number): number
  enterSafeMode(nowUs: number): number
  /** Leaves SafeMode by hand. */
  acknowledge(nowUs: number): number
  /** Back to the certified configuration, by hand. Returns a verdict as `propose`. */
  rollback(nowUs: number): number
  /** The outcome of pushing the live values of `generation`. Not ok: the change is rolled back. */
  pushed(generation: number, ok: boolean, nowUs: number): number
  /** The last entry of the journal. */
  stop(nowUs: number): void
  /** Live values in knob units. */
  readValues(out: Float64Array): void
  generation(): number
  /** Journal entries not yet taken. */
  queued(): number
  /** Takes whole entries as hash-chained JSON Lines, at most about `maxBytes`, at least one entry if there is any. */
  takeJournal(maxBytes: number): Uint8Array
  /** Everything a person may ask about the present state, as JSON; see `ts/tuner/explain.ts`. */
  explain(nowUs: number): string
  /** Frees the core's memory; any later call throws `HOMEOSTAT_CLOSED`. */
  close(): void
}

export interface Verifier {
  /** Feeds bytes in any cut. */
  push(bytes: Uint8Array): void
  /** `{ ok, entries, runs, first_bad?: { entry, line, code, reason } }` as JSON. */
  finish(): string
}
export interface Replay {
  push(bytes: Uint8Array): void
  /** The bytes that the decisions produce this time, for what was pushed so far. */
  take(): Uint8Array
  /** `{ ok, entries, first_difference?: { entry, line, code, reason } }` as JSON. */
  finish(): string
}

/** The offline solver's side of the seam; a module of its own, so that who only tunes live values does not load it. */
export interface SolverBinding {
  readonly kind: 'native' | 'wasm'
  /** Version of the core; equals the package's version. */
  version(): string
  /** A new study. @param config {@link StudyConfig} as JSON. Throws `HOMEOSTAT_INVALID_*` naming option, range and value. */
  createSolver(config: string): SolverCore
  /** Restores a study from its log, fed in pieces. */
  createStudyReader(): StudyReader
}

export interface StudyConfig {
  /** Unsigned 32-bit integer. Default 0. */
  seed?: number
  /** Evaluations that the study is meant for, 1 to 1e6; strategies may plan with it. */
  budget?: number
  /** Knobs by name; the order is the order of `values`. */
  bounds: Readonly<Record<string, StudyBound>>
  /** Share of the budget spent on the probe before refining, 0 to 0.9. Default by strategy. */
  probe_ratio?: number
  /** Points that `ask` is expected to hand out at once, 1 to 1024. Default 1. */
  batch_size?: number
  /** Default `auto`. */
  strategy?: 'auto' | 'nelder-mead' | 'tpe' | 'spsa' | 'random' | 'sobol'
  strategy_params?: Readonly<Record<string, number | boolean | string>>
  /** Values are told with their sign changed, since higher ones are better. Kept in the log, for those who read it; default false. */
  negated?: boolean
}

export interface StudyBound {
  /** Default `number`. */
  kind?: 'number' | 'integer' | 'boolean' | 'choice' | 'duration' | 'bytes'
  /** Knob units: milliseconds for durations, bytes for bytes. Not for booleans and choices. */
  min?: number
  max?: number
  /** Default `linear`. */
  scale?: 'linear' | 'log' | 'periodic'
  choices?: readonly (string | number | boolean)[]
}

export const OUTCOME_COMPLETE = 0
export const OUTCOME_FAILED = 1
export const OUTCOME_PRUNED = 2

/** One study. Values are in knob units: option index for choices, 0 or 1 for booleans. */
export interface SolverCore {
  /** Writes the next point into `out`; its trial's number, or -1 where a finite space is exhausted. */
  ask(out: Float64Array): number
  /**
   * The outcome of an asked trial. `margin`: the worst constraint's (limit - value) / |limit|, NaN without constraints.
   * `reason`: why it failed, empty otherwise; cut to 1000 bytes. Throws `HOMEOSTAT_UNKNOWN_TRIAL`, `HOMEOSTAT_TRIAL_TOLD`; the state stays.
   * Returns 1 where a value that is not finite was replaced by the worst finite one, else 0.
   */
  tell(trial: number, outcome: number, value: number, margin: number, reason: string): number
  /** A result for a point that was not asked for (warm start); its trial's number. */
  add(values: Float64Array, outcome: number, value: number, margin: number): number
  /** Open trial at exactly these values, or -1: for callers that know points, not numbers. */
  find(values: Float64Array): number
  /** Writes the incumbent's values; its trial's number, or -1 before any complete and feasible trial. */
  best(out: Float64Array): number
  /** Writes the point of this index of the study's probe; changes nothing. For sharing a probe out among machines. */
  probe(index: number, out: Float64Array): void
  /** Trials so far, open ones included. */
  trials(): number
  /** Everything a person may ask: incumbent with its honest value, phase, counts, landscape verdict with confidence, importance per knob, as JSON. */
  explain(): string
  /** One trial as JSON: `{ trial, state, params, value?, margin?, reason? }`. */
  trial(trial: number): string
  /** Takes the lines that the log grew by since the last call (the header first). */
  takeLog(): Uint8Array
  /** Frees the core's memory; any later call throws `HOMEOSTAT_CLOSED`. */
  close(): void
}

export interface StudyReader {
  /** Feeds bytes of a log in any cut. Throws `HOMEOSTAT_STUDY_*` with the line. */
  push(bytes: Uint8Array): void
  /** The study; a partial last line is left out and its length told by {@link dropped}. `takeLog` then yields only what is new. */
  finish(): SolverCore
  /** Bytes of the partial last line that were left out. */
  dropped(): number
}
