/**
 * Listening over `node:http`, with bounds on everything that a slow or many-headed client could hold.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { HomeostatError, invalid } from '../../errors.js'
import * as check from '../../schema/checks.js'
import type { Listening, ServerHost } from '../facade.js'
import { isLoopback } from '../http/guard.js'
import type { NodeRequest, NodeResponse } from '../mounts/node.js'

const PORT = 9464
const HEADERS_MS = 10_000
/** A little more than a body may take: then the server answers with a problem document, before Node does without one. */
const REQUEST_MS = 75_000
const CONNECTIONS_MAX = 512
const HEADERS_BYTES = 16_384
const HEADERS_MAX = 64

export const listen: NonNullable<ServerHost['listen']> = async (handler, options) => {
  const port = check.number('port', options.port, { min: 0, max: 65_535, whole: true, fallback: PORT })
  const host = options.host ?? '127.0.0.1'
  if (typeof host !== 'string' || host === '') throw invalid('host', 'an address or name', host)
  const loopback = host === 'localhost' || isLoopback(host)
  if (!loopback && !options.protected)
    throw invalid('host', 'loopback unless there are tokens: others could reach it and change things', host)
  const server = createServer(
    {
      maxHeaderSize: HEADERS_BYTES,
      headersTimeout: HEADERS_MS,
      requestTimeout: REQUEST_MS,
      connectionsCheckingInterval: 1000,
      keepAliveTimeout: 5000,
      insecureHTTPParser: false,
      requireHostHeader: true,
    },
    (request: IncomingMessage, response: ServerResponse) =>
      handler(request as unknown as NodeRequest, response as unknown as NodeResponse),
  )
  server.maxConnections = CONNECTIONS_MAX
  server.maxHeadersCount = HEADERS_MAX
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(refusalOf(error, host, port)))
    server.listen({ port, host }, resolve)
  })
  server.on('error', () => {})
  const { port: given, address, family } = server.address() as AddressInfo
  const shown = family === 'IPv6' ? `[${address}]` : address
  return { url: `http://${shown}:${given}/`, port: given, close: () => close(server) } satisfies Listening
}

function refusalOf(error: NodeJS.ErrnoException, host: string, port: number): HomeostatError {
  if (error.code === 'EADDRINUSE') return invalid('port', 'one that nobody else listens at; 0 chooses a free one', port)
  return new HomeostatError('HOMEOSTAT_FILE', `${host}:${port} cannot be listened at: ${error.message}`, {
    cause: error,
  })
}

async function close(server: ReturnType<typeof createServer>): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  const late = setTimeout(() => server.closeAllConnections(), 500)
  await closed
  clearTimeout(late)
}
