import { makeServer } from '../../server/facade.js'
import { serverNodeHost } from '../../server/node/host.js'

export const server = makeServer(serverNodeHost('bun'))
export * from '../../server/public.js'
