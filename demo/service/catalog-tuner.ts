import { homeostat, knob, signal } from 'homeostat'
import { shadow } from 'homeostat/shadow'
import { costOf, scenario } from '../scenario.js'
import type { AuditLimits } from './audit.js'
import { LingerShadow } from './linger-shadow.js'
import { lingerRecipe } from './recipes.js'
import { LIBRARY_DEFAULTS, LINGER_BOUNDS_MS } from './settings.js'

/**
 * One second of the run stands for this many of the story (15 s for the usual TTL of 300 s). The tuner lives in the story's
 * time, so that the guardrails' minutes, its windows and the TTL's bounds are those of a service in production.
 */
export const STORY = 20

/** The preset whose pace suits phases that change from one second to the next. */
const PRESET = 'aggressive'
const TTL_BOUNDS_MS = { min: scenario.bounds.ttlMs.min * STORY, max: scenario.bounds.ttlMs.max * STORY }
/** Knob values before anything was learned. */
export const initial = { ttl: scenario.static.ttlMs * STORY, linger: LIBRARY_DEFAULTS.lingerMs }
/** The preset's limits, for the audit. */
export const LIMITS = {
  maxDelta: 0.2,
  updatesPerSecond: 20,
  minIntervalUs: 50_000,
  flipsPerMinute: 5,
  cumulativePerMinute: 1,
  bounds: { ttl: { ...TTL_BOUNDS_MS, scale: 'log' }, linger: { ...LINGER_BOUNDS_MS, scale: 'linear' } },
} as const satisfies AuditLimits

/** A window of the story: a quarter of a second of the run. Half a second sees a phase change later, and gains 0.4 points less. */
const WINDOW = '5s'
const LINGER_CANDIDATES = 11

export interface CatalogTunerOptions {
  /** Monotonic, in ms of the run. */
  readonly nowMs: () => number
  readonly seed: number
  readonly journal: { readonly folder: string } | { readonly memory: number }
  readonly mode?: 'auto' | 'recommend' | undefined
}

/** The tuner of the catalogue: two knobs, five signals, the scenario's cost. Ticked by its owner. */
export async function catalogTuner({ nowMs, seed, journal, mode = 'auto' }: CatalogTunerOptions) {
  // Versions count updates, and what the traffic does now matters more than what it did: phases are short.
  const ghosts = shadow.cacheTtl({
    versions: 'counter',
    sample: 1 / 4,
    keys: 8192,
    smoothing: '20s',
    timeConstant: '100s',
  })
  const queue = new LingerShadow({
    candidatesMs: Array.from({ length: LINGER_CANDIDATES }, (_, i) => {
      return LINGER_BOUNDS_MS.min + ((LINGER_BOUNDS_MS.max - LINGER_BOUNDS_MS.min) * i) / (LINGER_CANDIDATES - 1)
    }),
    timeoutMs: scenario.timeoutMs,
  })
  const tuner = await homeostat({
    name: 'catalog',
    knobs: {
      ttl: knob.duration({ ...TTL_BOUNDS_MS, initial: initial.ttl, scale: 'log', shadow: ghosts }),
      linger: knob.duration({ ...LINGER_BOUNDS_MS, initial: initial.linger, shadow: lingerRecipe(queue, STORY) }),
    },
    signals: {
      latency: signal.duration(),
      miss: signal.ratio(),
      stale: signal.ratio(),
      error: signal.ratio(),
      tail: signal.gauge(),
    },
    minimize: (m) => costOf({ missRate: m.miss, staleRate: m.stale, p99Ms: m.tail, errorRate: m.error }),
    guardrails: PRESET,
    mode,
    window: WINDOW,
    tick: 'manual',
    seed,
    clock: { nowUs: () => nowMs() * 1000 * STORY },
    journal,
  })
  return { tuner, ghosts, queue }
}
