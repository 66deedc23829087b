/**
 * Checks the option `guardrails` and brings it into the core's terms. Ranges and presets are the core's own.
 */
import type { EngineConfig, GuardrailField } from '../binding.js'
import { GUARDRAIL_PRESETS, GUARDRAIL_RANGES } from '../generated/core.js'
import * as check from './checks.js'
import type { GuardrailOptions, Preset } from './options.js'

type Key = Exclude<keyof GuardrailOptions, 'preset'>

/** By option: field of the core, and whether only whole numbers make sense. */
const TABLE: Readonly<Record<Key, readonly [GuardrailField, 'number' | 'whole' | 'duration']>> = {
  maxDelta: ['max_delta', 'number'],
  updatesPerSecond: ['updates_per_second', 'number'],
  minInterval: ['min_interval_us', 'duration'],
  flipsPerMinute: ['flips_per_minute', 'whole'],
  cooldown: ['cooldown_us', 'duration'],
  cumulativePerMinute: ['cumulative_per_minute', 'number'],
  regressions: ['regressions', 'whole'],
  probeAmplitude: ['probe_amplitude', 'number'],
  rollbackAfter: ['rollback_after', 'whole'],
  rollbacksPerHour: ['rollbacks_per_hour', 'whole'],
  minStable: ['min_stable_us', 'duration'],
  challengesPerHour: ['challenges_per_hour', 'whole'],
  backOffsPerHour: ['back_offs_per_hour', 'whole'],
}
const KEYS = Object.keys(TABLE) as Key[]
const PRESETS = Object.keys(GUARDRAIL_PRESETS) as Preset[]

export function resolveGuardrails(value: unknown): EngineConfig['guardrails'] {
  if (value === undefined || typeof value === 'string')
    return { preset: check.oneOf('guardrails', value, PRESETS, 'balanced') }
  const o = check.object('guardrails', value)
  check.onlyKeys('guardrails', o, ['preset', ...KEYS])
  const preset = check.oneOf('guardrails.preset', o.preset, PRESETS, 'balanced')
  const resolved: EngineConfig['guardrails'] = { preset }
  for (const key of KEYS) {
    if (o[key] === undefined) continue
    const [field, kind] = TABLE[key]
    resolved[field] = check.scaled(`guardrails.${key}`, o[key], GUARDRAIL_RANGES[field], kind)
  }
  const step = resolved.max_delta ?? GUARDRAIL_PRESETS[preset].max_delta
  if (resolved.probe_amplitude !== undefined)
    check.number('guardrails.probeAmplitude', o.probeAmplitude, { min: 0, max: step })
  else if (step < GUARDRAIL_PRESETS[preset].probe_amplitude) resolved.probe_amplitude = step
  return resolved
}
