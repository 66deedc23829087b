import { reflexWebHost } from '../../bindings/reflex-web-host.js'
import { makeFlowFacade } from '../../flow/facade.js'
import compiled from '../../wasm/homeostat_reflex_bg.wasm'

export const { ready, queue, scheduler } = makeFlowFacade(reflexWebHost('edge-light', compiled))
export * from '../../flow/public.js'
