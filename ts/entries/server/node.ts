import { makeServer } from '../../server/facade.js'
import { serverNodeHost } from '../../server/node/host.js'

export const server = makeServer(serverNodeHost('node'))
export * from '../../server/public.js'
