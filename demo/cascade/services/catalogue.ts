import type { Open } from '../messages.js'
import { BOUNDS } from '../topology.js'
import { openGuard, type Tell } from './guard.js'
import { type Opened, serve } from './service.js'
import { Upstream, UpstreamError } from './upstream.js'

/** Items are in memory; how many are in stock is known to the database alone. */
export async function openCatalogue(message: Open, tell: Tell): Promise<Opened> {
  const database = new Upstream(message.ports.database ?? 0, BOUNDS.databaseConnections)
  const guard = await openGuard('catalogue', message, tell)
  const query = guard.call('database', (path, signal) => database.get(path, signal), {
    timeoutMs: 400,
    concurrent: BOUNDS.databaseConnections,
    caller: 'catalogue: stock',
  })
  const server = serve(async (path) => {
    const [, what, id] = path.split('/')
    if (what === 'item') return `item ${id}`
    if (what === 'stock') return `stock of ${await query(`/stock/${id}`)}`
    throw new UpstreamError('the catalogue knows /item/:id and /stock/:id', 404)
  })
  return { server, final: () => guard.final() }
}
