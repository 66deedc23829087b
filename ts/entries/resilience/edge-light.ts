import { reflexWebHost } from '../../bindings/reflex-web-host.js'
import { makeResilienceFacade } from '../../resilience/facade.js'
import compiled from '../../wasm/homeostat_reflex_bg.wasm'

export const { ready, protect, breaker, limiter, detector, reflex, bindingKind } = makeResilienceFacade(
  reflexWebHost('edge-light', compiled),
)
export * from '../../resilience/public.js'
