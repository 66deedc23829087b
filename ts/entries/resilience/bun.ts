import { makeResilienceFacade } from '../../resilience/facade.js'
import { reflexNodeHost } from '../../resilience/node/host.js'

export const { ready, protect, breaker, limiter, detector, reflex, bindingKind } = makeResilienceFacade(
  reflexNodeHost('bun'),
)
export * from '../../resilience/public.js'
