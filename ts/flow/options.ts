/**
 * Options of queues and of what goes into them, brought into the core's terms.
 */
import { invalid } from '../errors.js'
import * as check from '../schema/checks.js'
import { type DurationInput, parseDuration } from '../units.js'

/** Queues of the kernel pipeline, and their depths. */
const PIPELINE = { blueprints: 100, compilation: 50, validation: 25, storage: 200 } as const

export interface QueueOptions {
  /** Items that wait before somebody has to make room. 1 to 524288; default 1000. */
  readonly depth?: number | undefined
  /** Emergencies that are admitted above it: the hard bound on memory. 0 to 524288; default as `depth`. */
  readonly emergencies?: number | undefined
  /** What waited for so long rises a tier, so that nothing starves. 0 (never) to 24 h; default '5m'. */
  readonly riseAfter?: DurationInput | undefined
}

const MOST = 524_288

export interface ResolvedQueue {
  readonly config: string
  readonly depth: number
}

/** A name is one of the kernel pipeline's queues. */
export function resolveQueue(given: QueueOptions | keyof typeof PIPELINE): ResolvedQueue {
  if (typeof given === 'string') {
    const name = check.oneOf('queue', given, Object.keys(PIPELINE) as (keyof typeof PIPELINE)[])
    return { config: JSON.stringify({ name }), depth: PIPELINE[name] }
  }
  const depth = check.number('queue.depth', given.depth, { min: 1, max: MOST, whole: true, fallback: 1000 })
  const emergencies = check.number('queue.emergencies', given.emergencies, {
    min: 0,
    max: MOST,
    whole: true,
    fallback: depth,
  })
  const config: Record<string, number> = { depth, emergency_max: emergencies }
  if (given.riseAfter !== undefined)
    config.age_us = check.scaled('queue.riseAfter', given.riseAfter, { min: 0, max: 86_400e6 }, 'duration')
  return { config: JSON.stringify(config), depth }
}

export type PipelineQueue = keyof typeof PIPELINE
export const QUEUE_KEYS = ['depth', 'emergencies', 'riseAfter'] as const

interface Tiered {
  readonly tier?: number | undefined
  readonly interest?: number | undefined
}

/** The tier that options say. */
export function checkTier({ tier, interest }: Tiered): number {
  if (interest !== undefined) {
    if (tier !== undefined) throw invalid('interest', 'left out where there is a tier', interest)
    if (typeof interest !== 'number' || !(interest >= 0 && interest <= 1))
      throw invalid('interest', 'from 0 to 1', interest)
    return interest > 0.8 ? 1 : 2
  }
  if (tier === undefined) return 2
  if (!Number.isInteger(tier) || tier < 0 || tier > 4) throw invalid('tier', 'a whole number from 0 to 4', tier)
  return tier
}

/** When it is too late to start, in microseconds; NaN for never. */
export function startBefore(within: DurationInput | undefined, nowUs: number): number {
  if (within === undefined) return Number.NaN
  const ms = parseDuration(within)
  if (!(ms >= 0)) throw invalid('startWithin', "a duration such as 250, '250ms' or '30s'", within)
  return nowUs + ms * 1000
}
