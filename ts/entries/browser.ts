import { webHost } from '../bindings/web-host.js'
import { makeFacade } from '../facade.js'

export const { ready, homeostat, attach, encodeDigest, decodeDigest, verifyJournal, replayJournal, bindingKind } =
  makeFacade(webHost('browser', new URL('../wasm/homeostat_bg.wasm', import.meta.url)))
export * from '../public.js'
