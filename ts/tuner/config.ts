/**
 * What a tuner was made with, for those who show it.
 */
import type { EngineConfig, KnobConfig } from '../binding.js'
import { GUARDRAIL_PRESETS } from '../generated/core.js'
import type { Resolved } from '../schema/validate.js'

export interface TunerConfig extends Pick<EngineConfig, 'window_us' | 'strategy' | 'signals'> {
  /** The preset, and every limit as it holds. */
  readonly guardrails: Readonly<Record<string, number | string>>
  readonly knobs: readonly (KnobConfig & {
    /** Of a choice: what its places stand for. */
    readonly choices?: readonly string[] | undefined
  })[]
}

export function configOf({ engine, knobs }: Resolved): TunerConfig {
  const { window_us, strategy, signals, guardrails } = engine
  return {
    window_us,
    strategy,
    signals,
    guardrails: { ...GUARDRAIL_PRESETS[guardrails.preset], ...guardrails },
    knobs: knobs.map(({ config, choices }) => ({ ...config, choices })),
  }
}
