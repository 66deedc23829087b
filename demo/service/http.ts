import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Catalog } from './catalog.js'

const ITEM = /^\/item\/(\d{1,9})$/

/** `GET /item/:id` over a catalogue, on loopback. Says in `x-cache` whether the answer came from the cache. */
export function serve(catalog: Catalog): Server {
  const server = createServer((request, response) => {
    if (request.url === '/health') return send(response, 200, 'none', { ok: true })
    const id = ITEM.exec(request.url ?? '')?.[1]
    if (request.method !== 'GET' || id === undefined) return send(response, 404, 'miss', { error: 'GET /item/:id' })
    catalog.get(Number(id)).then(
      ({ status, hit, row }) => {
        const cache = hit ? 'hit' : 'miss'
        if (row) {
          response.setHeader('x-version', row.version)
          send(response, 200, cache, { ...row, cache })
        } else send(response, status, cache, { error: status === 504 ? 'the database took too long' : 'no such item' })
      },
      (error: unknown) =>
        send(response, 500, 'miss', { error: error instanceof Error ? error.message : String(error) }),
    )
  })
  server.keepAliveTimeout = 60_000
  return server
}

export function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      resolve((server.address() as AddressInfo).port)
    })
  })
}

function send(response: ServerResponse, status: number, cache: string, body: object): void {
  const text = JSON.stringify(body)
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'x-cache': cache,
  })
  response.end(text)
}
