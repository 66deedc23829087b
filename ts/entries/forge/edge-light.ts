import { forgeWebHost } from '../../bindings/forge-web-host.js'
import { makeForgeFacade } from '../../forge/facade.js'
import compiled from '../../wasm/homeostat_forge_bg.wasm'

export const { ready, forge, adapters } = makeForgeFacade(forgeWebHost('edge-light', compiled))
export * from '../../forge/public.js'
