/**
 * The same reflex for every runtime: an entry makes it from its host and exports what it gives.
 */

import { Loader, type Ready } from '../ready.js'
import type { LimiterCore } from '../reflex-binding.js'
import { type Breaker, makeBreaker, type SoloBreakerOptions } from './breaker.js'
import type { PipelineStage } from './breaker-options.js'
import { type Detector, type DetectorOptions, makeDetector } from './detector.js'
import type { ReflexHost } from './host.js'
import { Limiter, type LimitKind, makeLimiter, type SoloLimiterOptions } from './limiter.js'
import { makeProtect, type Protect } from './protect.js'
import { type ReflexOptions, resolveReflex } from './reflex/options.js'
import { Reflex } from './reflex/reflex.js'

export interface ResilienceFacade {
  readonly ready: Ready
  /**
   * Protects a function: `const charge = protect('payments', callPayments, { breaker: {}, limit: 'adaptive', timeout: '2s' })`. Its
   * parameters and result stay what they were; see `ProtectOptions` for the policies and their order.
   */
  readonly protect: Protect
  /** A circuit breaker, or that of a stage of the kernel pipeline. In browsers and on the edge after `ready()`, else `HOMEOSTAT_NOT_READY`. */
  breaker(options?: SoloBreakerOptions | PipelineStage): Breaker
  /** A limit on calls in flight: one that finds itself (default), or a number. After `ready()`, as `breaker()`. */
  limiter(options?: SoloLimiterOptions | LimitKind | number): Limiter
  /** Says when a latency has moved up, which is no chance. A `reflex()` has one for each component. After `ready()`, as `breaker()`. */
  detector(options?: DetectorOptions): Detector
  /** Watches components, opens, sheds and recovers. After `ready()`, as `breaker()`. */
  reflex(options?: ReflexOptions): Reflex
  /** Which core runs: `native` or `wasm`. In browsers and on the edge after `ready()`. */
  bindingKind(): 'native' | 'wasm'
}

export function makeResilienceFacade(host: ReflexHost): ResilienceFacade {
  const loader = new Loader(host)
  const seeded = <O extends { readonly seed?: number | undefined }>(options: O): O =>
    options.seed === undefined ? { ...options, seed: host.randomSeed() } : options
  const breaker = (options: SoloBreakerOptions, at?: string): Breaker => {
    const binding = loader.need('breaker()')
    return makeBreaker((config, nowUs) => binding.createBreaker(config, nowUs), seeded(options), at)
  }
  const createLimiter = (config: string): LimiterCore => loader.need('limiter()').createLimiter(config)
  return {
    ready: async (source) => {
      await loader.load(source)
    },
    protect: makeProtect(() => ({
      breaker,
      limiter: (config, name, clock) => new Limiter(createLimiter(JSON.stringify(config)), clock, name),
    })),
    breaker: (options = {}) => breaker(typeof options === 'string' ? { stage: options } : options),
    limiter: (options = {}) => makeLimiter(createLimiter, options),
    detector: (options = {}) => makeDetector(() => loader.need('detector()').createDetector(), options),
    reflex: (options = {}) => {
      const resolved = resolveReflex(options, host.randomSeed)
      const binding = loader.need('reflex()')
      return new Reflex(binding.createReflex(JSON.stringify(resolved.config), resolved.clock.nowUs()), resolved)
    },
    bindingKind: () => loader.need('bindingKind()').kind,
  }
}
