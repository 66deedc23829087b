import { makeServer } from '../../server/facade.js'
import { serverWebHost } from '../../server/web-host.js'

export const server = makeServer(serverWebHost('edge-light'))
export * from '../../server/public.js'
