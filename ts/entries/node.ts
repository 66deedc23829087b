import { makeFacade } from '../facade.js'
import { nodeHost } from '../node/host.js'

export const { ready, homeostat, attach, encodeDigest, decodeDigest, verifyJournal, replayJournal, bindingKind } =
  makeFacade(nodeHost('node'))
export * from '../public.js'
