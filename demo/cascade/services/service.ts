import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FromService, Open, ToService } from '../messages.js'
import type { ServiceName } from '../topology.js'
import { openAuth } from './auth.js'
import { openCatalogue } from './catalogue.js'
import { makeDatabase } from './database.js'
import { openGateway } from './gateway.js'
import type { Tell } from './guard.js'
import { UpstreamError } from './upstream.js'

/** Answers a path with a text; throws what {@link statusOf} makes a status of. */
export type Handler = (path: string) => Promise<string>

export interface Opened {
  readonly server: Server
  /** Takes structural events of another process. */
  ingest?(batch: unknown): void
  /** What the service has to say at the end. */
  final?(): Omit<Extract<FromService, { type: 'final' }>, 'type'>
}

/** The process of one service: opens it when told to, tells its port, ends with its parent. */
export function runService(name: ServiceName): void {
  const tell: Tell = (message) => void process.send?.(message)
  let opened: Opened | undefined
  process.on('disconnect', () => process.exit(0))
  process.on('SIGINT', () => {}) // The parent decides when to stop; a terminal sends the signal to the whole group.
  process.on('message', async (message: ToService) => {
    try {
      if (message.type === 'open') {
        opened = await open(name, message, tell)
        opened.server.keepAliveTimeout = 60_000
        tell({ type: 'ready', port: await listen(opened.server) })
      } else if (message.type === 'events') opened?.ingest?.(message.batch)
      else tell({ type: 'final', ...(opened?.final?.() ?? { witnesses: [] }) })
    } catch (error) {
      tell({ type: 'failed', message: error instanceof Error ? error.message : String(error) })
    }
  })
}

async function open(name: ServiceName, message: Open, tell: Tell): Promise<Opened> {
  if (name === 'gateway') return openGateway(message, tell)
  if (name === 'auth') return openAuth(message, tell)
  if (name === 'catalogue') return openCatalogue(message, tell)
  return { server: serve(makeDatabase(message.seed)) }
}

/** A server over a handler. */
export function serve(handler: Handler): Server {
  return createServer((request, response) => {
    handler(request.url ?? '/').then(
      (text) => response.end(text),
      (error: unknown) => {
        response.writeHead(statusOf(error))
        response.end(error instanceof Error ? error.message : String(error))
      },
    )
  })
}

/** What was refused or could not be reached is unavailable, here as with the neighbour that said so. */
export function statusOf(error: unknown): number {
  return error instanceof UpstreamError && error.status !== 500 ? error.status : 503
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}
