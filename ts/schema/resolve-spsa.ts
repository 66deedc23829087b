/**
 * Checks the option `spsa` and brings it into the core's terms. Ranges and names are the core's own.
 */
import type { EngineConfig } from '../binding.js'
import { invalid } from '../errors.js'
import { SPSA_AGGREGATES, SPSA_GAINS, SPSA_RANGES } from '../generated/core.js'
import * as check from './checks.js'

const NUMBERS = {
  step: ['step', 'number'],
  probe: ['probe', 'number'],
  stability: ['stability', 'number'],
  digests: ['digests', 'whole'],
  evaluation: ['evaluation_us', 'duration'],
} as const

export function resolveSpsa(value: unknown, strategy: EngineConfig['strategy']): EngineConfig['spsa'] {
  if (value === undefined) return undefined
  if (strategy !== 'spsa') throw invalid('spsa', "left out unless strategy is 'spsa'", value)
  const o = check.object('spsa', value)
  check.onlyKeys('spsa', o, ['aggregate', 'gains', ...Object.keys(NUMBERS)])
  const resolved: NonNullable<EngineConfig['spsa']> = {}
  if (o.aggregate !== undefined) resolved.aggregate = check.oneOf('spsa.aggregate', o.aggregate, SPSA_AGGREGATES)
  if (o.gains !== undefined) resolved.gains = check.oneOf('spsa.gains', o.gains, SPSA_GAINS)
  for (const key of Object.keys(NUMBERS) as (keyof typeof NUMBERS)[]) {
    if (o[key] === undefined) continue
    const [field, kind] = NUMBERS[key]
    resolved[field] = check.scaled(`spsa.${key}`, o[key], SPSA_RANGES[field], kind)
  }
  return resolved
}
