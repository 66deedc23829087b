import { makeResilienceFacade } from '../../resilience/facade.js'
import { reflexNodeHost } from '../../resilience/node/host.js'

export const { ready, protect, breaker, limiter, detector, reflex, bindingKind } = makeResilienceFacade(
  reflexNodeHost('deno'),
)
export * from '../../resilience/public.js'
