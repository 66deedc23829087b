/**
 * Shadow evaluation, `homeostat/shadow`: recipes that compute a knob's effect at other values from the same traffic, so that
 * nothing has to be tried on live requests.
 */
import { type CacheTtlOptions, type CacheTtlRecipe, cacheTtl } from './cache-ttl.js'

export type { CacheTtlOptions, CacheTtlRecipe } from './cache-ttl.js'
export type { ShadowContext, ShadowRecipe, ShadowSource } from './recipe.js'

export const shadow: {
  /** The TTL of a cache, from a ghost cache over a sample of its keys. */
  cacheTtl(options?: CacheTtlOptions): CacheTtlRecipe
} = { cacheTtl }
