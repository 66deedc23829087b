import { catalogTuner, STORY } from '../service/catalog-tuner.js'
import { REVALIDATE_SHARE } from '../service/sampling.js'
import { random } from './random.js'
import type { Schedule } from './schedule.js'
import { VirtualCache } from './virtual.js'

/** How often the tuner is ticked, in ms of the run, as in the service. */
const TICK_MS = 250

export interface VirtualTuned {
  /** Cost of every second. */
  readonly costs: Float64Array
  /** TTL at the end of every second, in ms. */
  readonly ttlsMs: Float64Array
}

/**
 * The same as a fixed TTL in virtual time, but under the tuner of the demonstration, which learns only what the service
 * could: its own reads and refreshes, and the sampled comparisons.
 */
export async function virtualTuned(schedule: Schedule, rows: number, seed: number): Promise<VirtualTuned> {
  let nowMs = 0
  const { tuner, ghosts } = await catalogTuner({ nowMs: () => nowMs, seed, journal: { memory: 1 << 20 } })
  const sampled = random(seed, 'revalidation')
  const ttlsMs = new Float64Array(Math.ceil(schedule.seconds))
  let ticks = 0
  const tickUntil = (untilMs: number) => {
    for (; (ticks + 1) * TICK_MS <= untilMs; ) {
      nowMs = ++ticks * TICK_MS
      tuner.signals.tail(0)
      tuner.tick()
      ttlsMs[Math.ceil(nowMs / 1000) - 1] = tuner.knobs.ttl / STORY
    }
  }
  const cache = new VirtualCache(schedule, rows)
  try {
    cache.run(
      (atMs) => {
        tickUntil(atMs)
        nowMs = atMs
        return tuner.knobs.ttl / STORY
      },
      (row, outcome, current) => {
        const { miss, stale, error } = tuner.signals
        ghosts.onRead(row)
        miss(outcome === 'miss')
        error(false)
        const compared = sampled() < REVALIDATE_SHARE
        if (compared || outcome === 'miss') ghosts.onVersion(row, current)
        if (compared) stale(outcome === 'stale')
      },
    )
    tickUntil(schedule.seconds * 1000)
  } finally {
    await tuner.close()
  }
  return { costs: cache.costs(), ttlsMs }
}
