import { makeFlowFacade } from '../../flow/facade.js'
import { reflexNodeHost } from '../../resilience/node/host.js'

export const { ready, queue, scheduler } = makeFlowFacade(reflexNodeHost('bun'))
export * from '../../flow/public.js'
