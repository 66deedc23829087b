import { webHost } from '../bindings/web-host.js'
import { makeFacade } from '../facade.js'
import compiled from '../wasm/homeostat_bg.wasm'

export const { ready, homeostat, attach, encodeDigest, decodeDigest, verifyJournal, replayJournal, bindingKind } =
  makeFacade(webHost('workerd', compiled))
export * from '../public.js'
