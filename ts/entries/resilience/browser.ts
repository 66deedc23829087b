import { reflexWebHost } from '../../bindings/reflex-web-host.js'
import { makeResilienceFacade } from '../../resilience/facade.js'

export const { ready, protect, breaker, limiter, detector, reflex, bindingKind } = makeResilienceFacade(
  reflexWebHost('browser', new URL('../wasm/homeostat_reflex_bg.wasm', import.meta.url)),
)
export * from '../../resilience/public.js'
