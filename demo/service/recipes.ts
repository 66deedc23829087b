import type { ShadowRecipe } from 'homeostat'
import type { LingerShadow } from './linger-shadow.js'
import type { TtlShadow } from './ttl-shadow.js'

/** Another TTL changes how many lookups miss and how many of the hits are stale. */
export function ttlRecipe(shadow: TtlShadow): ShadowRecipe {
  const replaces = ['miss', 'stale']
  return {
    kind: 'cache TTL by ghost entries',
    replaces,
    bind: () => ({
      values: Float64Array.from(shadow.candidatesMs),
      replaces,
      collect(_nowUs, out) {
        const { lookups, misses, stale } = shadow.take()
        if (lookups === 0) return false
        for (let i = 0; i < misses.length; i++) {
          const hits = lookups - (misses[i] as number)
          out[2 * i] = (misses[i] as number) / lookups
          out[2 * i + 1] = hits === 0 ? 0 : (stale[i] as number) / hits
        }
        return true
      },
    }),
  }
}

/** Another linger changes how long misses take, and through that how many run into the timeout. */
export function lingerRecipe(shadow: LingerShadow): ShadowRecipe {
  const replaces = ['tail', 'error']
  return {
    kind: 'batch linger by a model of the queue',
    replaces,
    bind: () => ({
      values: Float64Array.from(shadow.candidatesMs),
      replaces,
      collect(nowUs, out) {
        const candidates = shadow.take(nowUs / 1000)
        if (!candidates) return false
        for (const [i, { p99Ms, errorRate }] of candidates.entries()) {
          out[2 * i] = p99Ms
          out[2 * i + 1] = errorRate
        }
        return true
      },
    }),
  }
}
