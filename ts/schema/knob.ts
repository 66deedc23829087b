/**
 * Knobs: the numbers that may change. A builder only records what was asked for; `schema/validate.ts` checks it once, when
 * the tuner is made, because only there the knob has a name to put into the message.
 */
import type { ShadowRecipe } from '../shadow/recipe.js'
import type { BytesInput, DurationInput } from '../units.js'

export type KnobKind = 'number' | 'integer' | 'boolean' | 'choice' | 'duration' | 'bytes'
export type Scale = 'linear' | 'log' | 'periodic'

/** What an `apply` function is told besides the value. */
export interface ApplyContext {
  /** Generation of the configuration that is being pushed. */
  readonly generation: number
  /** Aborted when the push ran past `applyTimeout`. */
  readonly signal: AbortSignal
}

export interface CommonKnobOptions<V> {
  /**
   * How long a change takes to show in the signals. 0 to 1 h; default 250 ms. A value that matches the system makes learning
   * markedly better: about the TTL for a cache, about one queue's time for a concurrency limit.
   */
  lag?: DurationInput
  /**
   * Pushes a value that cannot simply be read, such as the size of a pool. When it throws, rejects or runs past `applyTimeout`,
   * the change is rolled back; what it returns is not looked at. It is not called with the initial value: that is what the application starts with.
   */
  apply?: (value: V, context: ApplyContext) => unknown
  /** `probe`: small live experiments within the guardrails. `hold`: moved by operators and trials only. */
  learn?: 'probe' | 'hold'
  /** Computes the effect of other values from the same traffic; the knob is then never probed. */
  shadow?: ShadowRecipe
}
export interface NumberKnobOptions extends CommonKnobOptions<number> {
  /** Smallest value, finite. */
  min: number
  /** Largest value, finite, above `min`. */
  max: number
  /** The value at the start, and after `off`. Within the bounds. */
  initial: number
  /** `linear` (default); `log` for what matters by its ratio, bounds above 0; `periodic` where `max` and `min` are the same point. */
  scale?: Scale
}
export interface DurationKnobOptions extends CommonKnobOptions<number> {
  /** Smallest value: milliseconds, or text such as `'30s'`. */
  min: DurationInput
  max: DurationInput
  initial: DurationInput
  scale?: Scale
}
export interface BytesKnobOptions extends CommonKnobOptions<number> {
  /** Smallest value: bytes, or text such as `'64kB'` or `'1MiB'`. */
  min: BytesInput
  max: BytesInput
  initial: BytesInput
  scale?: 'linear' | 'log'
}
export interface BooleanKnobOptions extends Omit<CommonKnobOptions<boolean>, 'learn' | 'shadow'> {
  initial: boolean
}
export interface ChoiceKnobOptions<C extends string> extends Omit<CommonKnobOptions<C>, 'learn' | 'shadow'> {
  /** 2 to 64 different names. Moved only by an explicit trial: no gradient between names is pretended. */
  choices: readonly C[]
  initial: NoInfer<C>
}

/** The same knobs for the offline solver (`homeostat/solver`), where there is nothing live: no `lag`, `apply`, `learn` or `shadow`. */
export interface SpaceNumberOptions {
  /** Smallest value, finite. */
  min: number
  /** Largest value, finite, above `min`. */
  max: number
  /** Where every knob of a space has one, `minimize` evaluates that point first. Within the bounds. */
  initial?: number
  /** `linear` (default); `log` for what matters by its ratio, bounds above 0; `periodic` where `max` and `min` are the same point. */
  scale?: Scale
}
export interface SpaceDurationOptions {
  /** Smallest value: milliseconds, or text such as `'30s'`. */
  min: DurationInput
  max: DurationInput
  initial?: DurationInput
  scale?: Scale
}
export interface SpaceBytesOptions {
  /** Smallest value: bytes, or text such as `'64kB'` or `'1MiB'`. */
  min: BytesInput
  max: BytesInput
  initial?: BytesInput
  scale?: 'linear' | 'log'
}
export interface SpaceBooleanOptions {
  initial?: boolean
}
export interface SpaceChoiceOptions<C extends string | number | boolean> {
  /** 2 to 64 different names, numbers or booleans. No order is assumed between them. */
  choices: readonly C[]
  initial?: NoInfer<C>
}

export interface RawKnobOptions extends CommonKnobOptions<never> {
  min?: unknown
  max?: unknown
  initial?: unknown
  scale?: unknown
  choices?: unknown
}

declare const valueType: unique symbol

/** A declared knob whose value reads as `V`; enough for the offline solver. */
export interface SpaceKnob<out V = unknown> {
  readonly kind: KnobKind
  readonly options: Readonly<RawKnobOptions>
  readonly [valueType]?: V
}
/** A knob that can be live: it says where it starts. */
export interface Knob<out V = unknown> extends SpaceKnob<V> {
  readonly options: Readonly<RawKnobOptions> & { readonly initial: unknown }
}
export type KnobSpecs = Readonly<Record<string, Knob>>
/** Knobs by name, for the offline solver. */
export type Space = Readonly<Record<string, SpaceKnob>>

/** The type that a knob's value reads as. */
export type KnobValue<K> = K extends SpaceKnob<infer V> ? V : never
/** Values by knob name. */
export type KnobValues<K extends Space> = { readonly [N in keyof K]: KnobValue<K[N]> }

function make<V>(kind: KnobKind, options: object): Knob<V> {
  return Object.freeze({ kind, options: Object.freeze({ ...options }) as Knob['options'] })
}

/** Builders, one per kind of knob. A live knob needs an `initial` value; a knob of the offline solver does not. */
export const knob: {
  /** Any real number in [min, max]. */
  number(options: NumberKnobOptions): Knob<number>
  number(options: SpaceNumberOptions): SpaceKnob<number>
  /** A whole number in [min, max]. */
  integer(options: NumberKnobOptions): Knob<number>
  integer(options: SpaceNumberOptions): SpaceKnob<number>
  /** True or false; live it is moved only by an explicit trial. */
  boolean(options: BooleanKnobOptions): Knob<boolean>
  boolean(options?: SpaceBooleanOptions): SpaceKnob<boolean>
  /** One of a few names; live it is moved only by an explicit trial. */
  choice<const C extends string>(options: ChoiceKnobOptions<C>): Knob<C>
  choice<const C extends string | number | boolean>(options: SpaceChoiceOptions<C>): SpaceKnob<C>
  /** A duration, read in milliseconds. */
  duration(options: DurationKnobOptions): Knob<number>
  duration(options: SpaceDurationOptions): SpaceKnob<number>
  /** A whole number of bytes. */
  bytes(options: BytesKnobOptions): Knob<number>
  bytes(options: SpaceBytesOptions): SpaceKnob<number>
} = {
  number: (options: object) => make('number', options),
  integer: (options: object) => make('integer', options),
  boolean: (options: object = {}) => make('boolean', options),
  choice: <C extends string | number | boolean>(options: object) => make<C>('choice', options),
  duration: (options: object) => make('duration', options),
  bytes: (options: object) => make('bytes', options),
}
