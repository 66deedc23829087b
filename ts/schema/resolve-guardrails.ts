/**
 * Checks the option `guardrails` and brings it into the core's terms. The ranges are the core's own, in the units of the options.
 */
import type { EngineConfig, GuardrailField } from '../binding.js'
import * as check from './checks.js'
import type { GuardrailOptions, Preset } from './options.js'

type Key = Exclude<keyof GuardrailOptions, 'preset'>
type Row = readonly [GuardrailField, check.NumberRange, 'number' | 'duration']

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

/** By option: field of the core and its range; durations in milliseconds. */
const TABLE: Readonly<Record<Key, Row>> = {
  maxDelta: ['max_delta', { min: 0.001, max: 1 }, 'number'],
  updatesPerSecond: ['updates_per_second', { min: 1, max: 100 }, 'number'],
  minInterval: ['min_interval_us', { min: 0, max: MINUTE_MS }, 'duration'],
  flipsPerMinute: ['flips_per_minute', { min: 0, max: 60, whole: true }, 'number'],
  cooldown: ['cooldown_us', { min: 0, max: HOUR_MS }, 'duration'],
  cumulativePerMinute: ['cumulative_per_minute', { min: 0.001, max: 60 }, 'number'],
  regressions: ['regressions', { min: 1, max: 100, whole: true }, 'number'],
  probeAmplitude: ['probe_amplitude', { min: 0, max: 1 }, 'number'],
  rollbackAfter: ['rollback_after', { min: 1, max: 100, whole: true }, 'number'],
  rollbacksPerHour: ['rollbacks_per_hour', { min: 0, max: 1000, whole: true }, 'number'],
  minStable: ['min_stable_us', { min: 0, max: HOUR_MS }, 'duration'],
  challengesPerHour: ['challenges_per_hour', { min: 0, max: 1000, whole: true }, 'number'],
  backOffsPerHour: ['back_offs_per_hour', { min: 0, max: 1000, whole: true }, 'number'],
}
const KEYS = Object.keys(TABLE) as Key[]

/** What the core's presets allow at most as one step; a probe is no larger than a step. */
const MAX_DELTA: Readonly<Record<Preset, number>> = { conservative: 0.05, balanced: 0.1, aggressive: 0.2 }
/** The amplitude of every preset's probes. */
const PROBE_AMPLITUDE = 0.05

export function resolveGuardrails(value: unknown): EngineConfig['guardrails'] {
  const presets = ['conservative', 'balanced', 'aggressive'] as const
  if (value === undefined || typeof value === 'string')
    return { preset: check.oneOf('guardrails', value, presets, 'balanced') }
  const o = check.object('guardrails', value)
  check.onlyKeys('guardrails', o, ['preset', ...KEYS])
  const preset = check.oneOf('guardrails.preset', o.preset, presets, 'balanced')
  const resolved: EngineConfig['guardrails'] = { preset }
  for (const key of KEYS) {
    if (o[key] === undefined) continue
    const [field, range, kind] = TABLE[key]
    const option = `guardrails.${key}`
    resolved[field] =
      kind === 'duration'
        ? Math.round(check.duration(option, o[key], range) * 1000)
        : check.number(option, o[key], range)
  }
  const step = resolved.max_delta ?? MAX_DELTA[preset]
  if (resolved.probe_amplitude !== undefined)
    check.number('guardrails.probeAmplitude', o.probeAmplitude, { min: 0, max: step })
  else if (step < PROBE_AMPLITUDE) resolved.probe_amplitude = step
  return resolved
}
