/**
 * Checks one declared knob and brings it into the core's terms.
 */
import type { KnobConfig } from '../binding.js'
import { HomeostatError, invalid } from '../errors.js'
import type { KnobShape } from '../memory/views.js'
import type { ShadowRecipe } from '../shadow/recipe.js'
import { parseBytes, parseDuration } from '../units.js'
import * as check from './checks.js'
import type { ApplyContext, KnobKind } from './knob.js'

export interface ResolvedKnob extends KnobShape {
  readonly index: number
  readonly config: KnobConfig
  readonly apply: ((value: never, context: ApplyContext) => unknown) | undefined
  readonly shadow: ShadowRecipe | undefined
}

export const KINDS: readonly KnobKind[] = ['number', 'integer', 'boolean', 'choice', 'duration', 'bytes']
const LAG_MS_MAX = 600_000

export function resolveKnob(name: string, declared: unknown, index: number): ResolvedKnob {
  const at = `knobs.${name}`
  const { kind, options } = check.object(at, declared) as { kind: unknown; options: unknown }
  if (!KINDS.includes(kind as KnobKind)) throw invalid(at, 'made by knob.number(), knob.duration(), …', declared)
  const o = check.object(at, options)
  const resolved =
    kind === 'boolean'
      ? resolveBoolean(at, o)
      : kind === 'choice'
        ? resolveChoice(at, o)
        : resolveRange(at, kind as RangeKind, o)
  const apply = o.apply === undefined ? undefined : check.fn(`${at}.apply`, o.apply)
  const shadow = o.shadow === undefined ? undefined : resolveShadow(`${at}.shadow`, o.shadow)
  const defaultLearn = kind === 'boolean' || kind === 'choice' ? 'hold' : 'probe'
  const learn = check.oneOf(`${at}.learn`, o.learn, ['probe', 'hold'], defaultLearn)
  if (shadow !== undefined && o.learn !== undefined) {
    throw invalid(`${at}.learn`, 'left out where `shadow` is given', o.learn)
  }
  return {
    name,
    kind: kind as KnobKind,
    index,
    choices: resolved.choices,
    apply: apply as ResolvedKnob['apply'],
    shadow,
    config: {
      name,
      kind: kind as KnobKind,
      scale: resolved.scale,
      min: resolved.min,
      max: resolved.max,
      initial: resolved.initial,
      lag_us: Math.round(check.duration(`${at}.lag`, o.lag, { min: 0, max: LAG_MS_MAX, fallback: 250 }) * 1000),
      learn: shadow === undefined ? learn : 'shadow',
      push: apply !== undefined,
    },
  }
}

export type RangeKind = 'number' | 'integer' | 'duration' | 'bytes'
type Resolved = Pick<KnobConfig, 'scale' | 'min' | 'max' | 'initial'> & { choices: readonly string[] | undefined }

function resolveRange(at: string, kind: RangeKind, o: Record<string, unknown>): Resolved {
  check.onlyKeys(at, o, ['min', 'max', 'initial', 'scale', 'lag', 'apply', 'learn', 'shadow'])
  const { scale, min, max, read } = resolveBounds(at, kind, o)
  return { scale, min, max, initial: read('initial'), choices: undefined }
}

export interface ResolvedBounds extends Pick<KnobConfig, 'scale' | 'min' | 'max'> {
  /** Reads another of the knob's options, a value within the bounds. */
  read(key: string): number
}

/** Scale and bounds of a knob that is a number. */
export function resolveBounds(at: string, kind: RangeKind, o: Record<string, unknown>): ResolvedBounds {
  const scales = kind === 'bytes' ? (['linear', 'log'] as const) : (['linear', 'log', 'periodic'] as const)
  const scale = check.oneOf(`${at}.scale`, o.scale, scales, 'linear')
  const min = readValue(at, 'min', kind, o)
  const max = readValue(at, 'max', kind, o)
  if (!(min < max)) throw invalid(`${at}.max`, `above ${at}.min (${min})`, o.max, 'HOMEOSTAT_INVALID_BOUNDS')
  if (scale === 'log' && min <= 0) {
    throw invalid(`${at}.min`, 'above 0 on a log scale', o.min, 'HOMEOSTAT_INVALID_SCALE')
  }
  const read = (key: string): number => {
    const value = readValue(at, key, kind, o)
    if (value < min || value > max) {
      throw invalid(`${at}.${key}`, `from ${min} to ${max}`, o[key], 'HOMEOSTAT_INVALID_BOUNDS')
    }
    return value
  }
  return { scale, min, max, read }
}

function readValue(at: string, key: string, kind: RangeKind, o: Record<string, unknown>): number {
  const value = o[key]
  const parsed = kind === 'duration' ? parseDuration(value) : kind === 'bytes' ? parseBytes(value) : value
  const n = typeof parsed === 'number' ? parsed : Number.NaN
  const range =
    !Number.isFinite(n) || Math.abs(n) > Number.MAX_SAFE_INTEGER
      ? `a finite ${kind} (an unbounded knob cannot be tuned safely)`
      : (kind === 'duration' || kind === 'bytes') && n < 0
        ? `a ${kind} of at least 0`
        : (kind === 'integer' || kind === 'bytes') && !Number.isInteger(n)
          ? 'a whole number'
          : undefined
  if (range !== undefined) throw invalid(`${at}.${key}`, range, value, 'HOMEOSTAT_INVALID_BOUNDS')
  return n
}

function resolveBoolean(at: string, o: Record<string, unknown>): Resolved {
  check.onlyKeys(at, o, ['initial', 'lag', 'apply'])
  if (typeof o.initial !== 'boolean') throw invalid(`${at}.initial`, 'true or false', o.initial)
  return { scale: 'linear', min: 0, max: 1, initial: o.initial ? 1 : 0, choices: undefined }
}

function resolveChoice(at: string, o: Record<string, unknown>): Resolved {
  check.onlyKeys(at, o, ['choices', 'initial', 'lag', 'apply'])
  const choices = resolveChoices(at, o.choices, 'names', isName) as string[]
  const initial = choices.indexOf(o.initial as string)
  if (initial < 0) throw invalid(`${at}.initial`, `one of ${choices.join(', ')}`, o.initial)
  return { scale: 'linear', min: 0, max: choices.length - 1, initial, choices }
}

export const isName = (choice: unknown): boolean => typeof choice === 'string' && choice !== '' && choice.length <= 256

/** The options of a choice, each of which `fits`; `what` they are called in messages. */
export function resolveChoices(
  at: string,
  given: unknown,
  what: string,
  fits: (choice: unknown) => boolean,
): unknown[] {
  if (!Array.isArray(given) || given.length < 2 || given.length > 64 || !given.every(fits)) {
    throw invalid(`${at}.choices`, `2 to 64 ${what}`, given)
  }
  given.forEach((choice, i) => {
    if (given.indexOf(choice) !== i) {
      throw invalid(`${at}.choices`, `different ${what}`, choice, 'HOMEOSTAT_DUPLICATE_NAME')
    }
  })
  return [...given]
}

function resolveShadow(at: string, value: unknown): ShadowRecipe {
  const recipe = check.object(at, value) as Partial<ShadowRecipe>
  if (typeof recipe.bind !== 'function' || !Array.isArray(recipe.replaces)) {
    throw new HomeostatError('HOMEOSTAT_INVALID_OPTION', `${at} must be a recipe such as shadow.cacheTtl({ … })`, {
      option: at,
    })
  }
  return recipe as ShadowRecipe
}

/** Checks an operator's value of a knob and returns it in the core's unit. */
export function operatorValue(option: string, knob: ResolvedKnob, value: unknown): number {
  const { min, max } = knob.config
  if (knob.kind === 'boolean') {
    if (typeof value !== 'boolean') throw invalid(option, 'true or false', value)
    return value ? 1 : 0
  }
  if (knob.kind === 'choice') {
    const index = knob.choices?.indexOf(value as string) ?? -1
    if (index < 0) throw invalid(option, `one of ${knob.choices?.join(', ')}`, value)
    return index
  }
  const parsed = knob.kind === 'duration' ? parseDuration(value) : knob.kind === 'bytes' ? parseBytes(value) : value
  if (typeof parsed !== 'number' || !Number.isFinite(parsed)) throw invalid(option, `a finite ${knob.kind}`, value)
  if (parsed < min || parsed > max) throw invalid(option, `from ${min} to ${max}`, value, 'HOMEOSTAT_INVALID_BOUNDS')
  if ((knob.kind === 'integer' || knob.kind === 'bytes') && !Number.isInteger(parsed))
    throw invalid(option, 'a whole number', value)
  return parsed
}
