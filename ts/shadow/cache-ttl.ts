/**
 * The recipe for a cache's TTL: checks its options and feeds a ghost cache (see `ghost.ts`).
 */
import { invalid } from '../errors.js'
import * as check from '../schema/checks.js'
import type { DurationInput } from '../units.js'
import { Ghost, METRICS, type Settings } from './ghost.js'
import type { Key } from './key-table.js'
import type { ShadowRecipe } from './recipe.js'

export interface CacheTtlOptions {
  /**
   * Which of the tuner's signals each metric stands for. `miss` and `stale` are shares of all reads (ratios), `loads` are fetches
   * per second (a count). Default `{ miss: 'miss', stale: 'stale' }`.
   */
  replaces?: { miss?: string; stale?: string; loads?: string }
  /** Share of the keys that is followed, by hash. Above 0, at most 1; default 1/8. */
  sample?: number
  /** Most sampled keys followed at once. 64 to 1048576; default 4096. */
  keys?: number
  /** Most hot keys followed besides. 0 to 65536; default 512. */
  hot?: number
  /** TTLs compared, spread over the knob's range by its scale. 2 to 16; default 13. */
  candidates?: number
  /** Time constant with which old evidence on how often rows change is forgotten. 100 ms to 1 h; default 20 s. */
  timeConstant?: DurationInput
  /** Time constant over which misses and stale answers are averaged. 100 ms to 1 h; default 5 s. */
  smoothing?: DurationInput
  /** `opaque` (default): versions are only compared. `counter`: whole numbers that grow by 1 per change. */
  versions?: 'opaque' | 'counter'
}

/** A ghost cache; the application feeds it beside its real one. */
export interface CacheTtlRecipe extends ShadowRecipe {
  /** A key is read, whether the real cache has it or not. */
  onRead(key: Key): void
  /**
   * What the source says about a key: on every refresh and revalidation, and on every first load. Its version, compared with the
   * last one, or whether it changed since the last call for this key.
   */
  onVersion(key: Key, version: string | number | boolean): void
}

const MS = { min: 100, max: 3_600_000 }

export function cacheTtl(options: CacheTtlOptions = {}): CacheTtlRecipe {
  const o = check.object('shadow', options)
  check.onlyKeys('shadow', o, [
    'replaces',
    'sample',
    'keys',
    'hot',
    'candidates',
    'timeConstant',
    'smoothing',
    'versions',
  ])
  const replaced =
    o.replaces === undefined ? { miss: 'miss', stale: 'stale' } : check.object('shadow.replaces', o.replaces)
  check.onlyKeys('shadow.replaces', replaced, METRICS)
  const metrics = METRICS.filter((metric) => replaced[metric as keyof typeof replaced] !== undefined)
  if (metrics.length === 0) throw invalid('shadow.replaces', 'at least one of miss, stale, loads', options.replaces)
  const settings: Settings = {
    metrics,
    replaces: metrics.map((metric) =>
      check.name(`shadow.replaces.${metric}`, replaced[metric as keyof typeof replaced]),
    ),
    sample: check.number('shadow.sample', o.sample, { min: 0, max: 1, open: true, fallback: 1 / 8 }),
    keys: check.number('shadow.keys', o.keys, { min: 64, max: 2 ** 20, whole: true, fallback: 4096 }),
    hot: check.number('shadow.hot', o.hot, { min: 0, max: 65_536, whole: true, fallback: 512 }),
    candidates: check.number('shadow.candidates', o.candidates, { min: 2, max: 16, whole: true, fallback: 13 }),
    timeConstant: check.duration('shadow.timeConstant', o.timeConstant, { ...MS, fallback: 20_000 }) / 1000,
    smoothing: check.duration('shadow.smoothing', o.smoothing, { ...MS, fallback: 5000 }) / 1000,
    counter: check.oneOf('shadow.versions', o.versions, ['opaque', 'counter'], 'opaque') === 'counter',
  }
  let ghost: Ghost | undefined
  return {
    kind: 'cacheTtl',
    replaces: settings.replaces,
    bind(context) {
      if (ghost !== undefined) throw invalid('shadow', 'bound to one knob of one tuner', 'a recipe that is in use')
      ghost = new Ghost(settings, context)
      return ghost
    },
    onRead(key) {
      ghost?.read(key)
    },
    onVersion(key, version) {
      ghost?.reveal(key, version)
    },
  }
}
