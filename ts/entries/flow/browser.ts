import { reflexWebHost } from '../../bindings/reflex-web-host.js'
import { makeFlowFacade } from '../../flow/facade.js'

export const { ready, queue, scheduler } = makeFlowFacade(
  reflexWebHost('browser', new URL('../wasm/homeostat_reflex_bg.wasm', import.meta.url)),
)
export * from '../../flow/public.js'
