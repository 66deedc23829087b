import type { Open } from '../messages.js'
import { BOUNDS } from '../topology.js'
import { openGuard, type Tell } from './guard.js'
import { type Opened, serve } from './service.js'
import { Upstream, UpstreamError } from './upstream.js'

/** Sessions are in memory, so that checking one needs nobody; a login reads the user from the database. */
export async function openAuth(message: Open, tell: Tell): Promise<Opened> {
  const database = new Upstream(message.ports.database ?? 0, BOUNDS.databaseConnections)
  const guard = await openGuard('auth', message, tell)
  const query = guard.call('database', (path, signal) => database.get(path, signal), {
    timeoutMs: 400,
    concurrent: BOUNDS.databaseConnections,
    caller: 'auth: login',
  })
  const server = serve(async (path) => {
    const [, what, id] = path.split('/')
    if (what === 'session') return `user ${id}`
    if (what === 'login') return `session of ${await query(`/user/${id}`)}`
    throw new UpstreamError('auth knows /session/:id and /login/:id', 404)
  })
  return { server, final: () => guard.final() }
}
