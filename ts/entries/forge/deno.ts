import { makeForgeFacade } from '../../forge/facade.js'
import { forgeNodeHost } from '../../forge/node/host.js'

export const { ready, forge, adapters } = makeForgeFacade(forgeNodeHost('deno'))
export * from '../../forge/node/public.js'
export * from '../../forge/public.js'
