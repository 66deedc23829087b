/** The same little application in each framework, behind the adapter's guard. */
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { fastify } from 'fastify'
import { Hono } from 'hono'
import type { EntranceOptions, EntranceStats } from '../../../ts/adapters/express/index.js'
import { guard as expressGuard } from '../../../ts/adapters/express/index.js'
import { guard as fastifyGuard } from '../../../ts/adapters/fastify/index.js'
import { guard as honoGuard } from '../../../ts/adapters/hono/index.js'

export interface Answer {
  readonly status: number
  readonly body: string
  header(name: string): string | null
}

export interface Served {
  readonly stats: EntranceStats
  get(path: string, init?: RequestInit): Promise<Answer>
  close(): Promise<void>
}

/** What the application does besides answering: `/slow` waits for it. */
export interface Held {
  readonly release: Promise<void>
}

export type Serve = (options: EntranceOptions, held?: Held) => Promise<Served>

const NOTHING: Held = { release: Promise.resolve() }

async function answer(response: Response): Promise<Answer> {
  return { status: response.status, body: await response.text(), header: (name) => response.headers.get(name) }
}

async function overHttp(
  server: ReturnType<typeof createServer>,
  stats: () => EntranceStats,
  end: () => Promise<unknown>,
): Promise<Served> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    get stats() {
      return stats()
    },
    get: async (path, init) => answer(await fetch(origin + path, init)),
    close: async () => {
      server.closeAllConnections()
      await end()
    },
  }
}

/** Express has no types of its own. */
const express = createRequire(import.meta.url)('express') as () => {
  use(...handlers: unknown[]): void
  get(path: string, handler: (request: { params: { id: string } }, response: ExpressResponse) => unknown): void
} & Parameters<typeof createServer>[1]

interface ExpressResponse {
  send(body: string): void
  status(code: number): ExpressResponse
}

export const onExpress: Serve = async (options, held = NOTHING) => {
  const app = express()
  const guard = expressGuard(options)
  app.use(guard)
  app.get('/items/:id', ({ params }, response) => response.send(`item ${params.id}`))
  app.get('/missing', (_, response) => response.status(404).send('no'))
  app.get('/broken', () => {
    throw new Error('broken')
  })
  app.get('/unavailable', (_, response) => response.status(503).send('no'))
  app.get('/slow', async (_, response) => {
    await held.release
    response.send('slow')
  })
  app.use((_error: unknown, _request: unknown, response: ExpressResponse, _next: unknown) => {
    response.status(500).send('broken')
  })
  const server = createServer(app as never)
  return overHttp(
    server,
    () => guard.stats,
    () => new Promise((resolve) => server.close(resolve)),
  )
}

export const onFastify: Serve = async (options, held = NOTHING) => {
  const app = fastify()
  const guard = fastifyGuard(options)
  await app.register(guard)
  app.get<{ Params: { id: string } }>('/items/:id', async ({ params }) => `item ${params.id}`)
  app.get('/missing', (_, reply) => reply.status(404).send('no'))
  app.get('/broken', async () => {
    throw new Error('broken')
  })
  app.get('/unavailable', (_, reply) => reply.status(503).send('no'))
  app.get('/slow', async () => {
    await held.release
    return 'slow'
  })
  await app.ready()
  return overHttp(
    app.server,
    () => guard.stats,
    () => app.close(),
  )
}

export const onHono: Serve = async (options, held = NOTHING) => {
  const app = new Hono()
  const guard = honoGuard(options)
  app.use(guard)
  app.get('/items/:id', (c) => c.text(`item ${c.req.param('id')}`))
  app.get('/missing', (c) => c.text('no', 404))
  app.get('/broken', () => {
    throw new Error('broken')
  })
  app.onError((_, c) => c.text('broken', 500))
  app.get('/unavailable', (c) => c.text('no', 503))
  app.get('/slow', async (c) => {
    await held.release
    return c.text('slow')
  })
  return {
    get stats() {
      return guard.stats
    },
    // Other runtimes hand requests to `fetch` as they are.
    get: async (path, init) => {
      const signal = init?.signal
      const running = Promise.resolve(app.fetch(new Request(`http://localhost${path}`, init)))
      if (signal === undefined || signal === null) return answer(await running)
      return answer(
        await Promise.race([
          running,
          new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
        ]),
      )
    },
    close: async () => {},
  }
}
