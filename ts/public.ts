/**
 * What every entry exports besides the functions that need a core.
 */
export type { Attach, Attached, AttachedTo } from './attach.js'
export type { Clock } from './clock.js'
export type { Digest } from './digest.js'
export { HomeostatError, type HomeostatErrorCode, isHomeostatError } from './errors.js'
export type { TunerHandle } from './handle.js'
export type { JournalBytes, Reproduction, Verification } from './journal/check.js'
export type { JournalSink, JournalSinkStats } from './journal/sink.js'
export {
  type ApplyContext,
  type Knob,
  type KnobSpecs,
  type KnobValue,
  type KnobValues,
  knob,
  type Scale,
} from './schema/knob.js'
export type {
  Constraints,
  GuardrailOptions,
  HomeostatOptions,
  JournalFolderOptions,
  JournalMemoryOptions,
  Mode,
  Preset,
  TunerStorageOptions,
} from './schema/options.js'
export {
  type DurationMetrics,
  type Metrics,
  type Signal,
  type SignalReporters,
  type SignalSpecs,
  signal,
} from './schema/signal.js'
export type { ShadowContext, ShadowRecipe, ShadowSource } from './shadow/recipe.js'
export type { Snapshot } from './snapshot.js'
export type { ControlWord } from './tuner/control.js'
export type { EventMap, EventName, JournalEntry, TunerEvent } from './tuner/events.js'
export type { Counters, Explanation, KnobExplanation } from './tuner/explain.js'
export type { ProposeOptions, Tuner } from './tuner/tuner.js'
export type { Verdict, Violation } from './tuner/violations.js'
export type { BytesInput, DurationInput } from './units.js'
