import { makeServer } from '../../server/facade.js'
import { serverWebHost } from '../../server/web-host.js'

export const server = makeServer(serverWebHost('workerd'))
export * from '../../server/public.js'
