import type { ShadowRecipe } from 'homeostat'
import type { LingerShadow } from './linger-shadow.js'

/**
 * Another linger changes how long misses take, and through that how many run into the timeout.
 *
 * @param clock how many times faster than the model's milliseconds the tuner's clock runs
 */
export function lingerRecipe(shadow: LingerShadow, clock: number): ShadowRecipe {
  const replaces = ['tail', 'error']
  return {
    kind: 'batch linger by a model of the queue',
    replaces,
    bind: () => ({
      values: Float64Array.from(shadow.candidatesMs),
      replaces,
      collect(nowUs, out) {
        const candidates = shadow.take(nowUs / 1000 / clock)
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
