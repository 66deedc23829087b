import { fastify } from 'fastify'
import type { Open } from '../messages.js'
import { BOUNDS, ROUTES } from '../topology.js'
import { openGuard, type Tell } from './guard.js'
import { type Opened, statusOf } from './service.js'
import { Upstream } from './upstream.js'

interface Asked {
  Params: { id: string }
}

/**
 * The front: every route but login checks the session with auth first. Calls that need the database have names of their own,
 * since a neighbour whose database hangs still does everything else.
 */
export async function openGateway(message: Open, tell: Tell): Promise<Opened> {
  const auth = new Upstream(message.ports.auth ?? 0, BOUNDS.gatewayConnections)
  const catalogue = new Upstream(message.ports.catalogue ?? 0, BOUNDS.gatewayConnections)
  const guard = await openGuard('gateway', message, tell)
  // What needs the database may take half of the connections, at most.
  const [all, half] = [BOUNDS.gatewayConnections, BOUNDS.gatewayConnections / 2]
  const session = guard.call('auth: session', (path, signal) => auth.get(path, signal), {
    timeoutMs: 1000,
    concurrent: all,
  })
  const login = guard.call('auth: login', (path, signal) => auth.get(path, signal), {
    timeoutMs: 800,
    concurrent: half,
  })
  const item = guard.call('catalogue: item', (path, signal) => catalogue.get(path, signal), {
    timeoutMs: 1000,
    concurrent: all,
  })
  const stock = guard.call('catalogue: stock', (path, signal) => catalogue.get(path, signal), {
    timeoutMs: 800,
    concurrent: half,
  })

  const app = fastify()
  await guard.install?.(app)
  const { browse, account, stock: look, login: enter } = ROUTES
  app.get<Asked>('/browse/:id', async ({ params: { id } }) => {
    await session(`/session/${id}`, browse.tier)
    return item(`/item/${id}`, browse.tier)
  })
  app.get<Asked>('/account/:id', async ({ params: { id } }) => session(`/session/${id}`, account.tier))
  app.get<Asked>('/stock/:id', async ({ params: { id } }) => {
    await session(`/session/${id}`, look.tier)
    return stock(`/stock/${id}`, look.tier)
  })
  app.get<Asked>('/login/:id', async ({ params: { id } }) => login(`/login/${id}`, enter.tier))
  app.setErrorHandler((error, _, reply) => {
    reply.status(statusOf(error)).send(error instanceof Error ? error.message : String(error))
  })
  await app.ready()
  return { server: app.server, ingest: (batch) => guard.ingest?.(batch), final: () => guard.final() }
}
