/** The same server in each framework, over real sockets, below `/ops`; and by itself at the root. */
import { createServer, type RequestListener } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { fastify } from 'fastify'
import { Hono } from 'hono'
import { type Operations, type ServerOptions, server } from '../../../ts/entries/server/node.js'
import { answer, type NodeRequest, type NodeResponse } from '../../../ts/server/mounts/node.js'

export interface Mounted {
  readonly port: number
  /** Where the server stands, without a slash at its end. */
  readonly base: string
  readonly operations: Operations
  close(): Promise<void>
}

export type Mount = (options: ServerOptions) => Promise<Mounted>

const open = new Set<Mounted>()

export async function closeAll(): Promise<void> {
  for (const one of open) await one.close()
}

async function over(operations: Operations, base: string, listener: RequestListener): Promise<Mounted> {
  return listening(operations, base, createServer(listener))
}

async function listening(
  operations: Operations,
  base: string,
  http: ReturnType<typeof createServer>,
  end: () => Promise<unknown> = async () => {},
): Promise<Mounted> {
  if (!http.listening) await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const mounted: Mounted = {
    port: (http.address() as AddressInfo).port,
    base,
    operations,
    close: async () => {
      open.delete(mounted)
      await operations.close()
      const closed = new Promise((resolve) => http.close(resolve))
      http.closeAllConnections()
      await end()
      await closed
    },
  }
  open.add(mounted)
  return mounted
}

export const alone: Mount = async (options) => {
  const operations = await server(options)
  const { port } = await operations.listen({ port: 0 })
  const mounted: Mounted = {
    port,
    base: '',
    operations,
    close: async () => {
      open.delete(mounted)
      await operations.close()
    },
  }
  open.add(mounted)
  return mounted
}

export const onNode: Mount = async (options) => {
  const operations = await server({ ...options, base: '/ops' })
  return over(operations, '/ops', operations.node as unknown as RequestListener)
}

/** Express has no types of its own. */
const express = createRequire(import.meta.url)('express') as (() => {
  use(...handlers: unknown[]): void
} & RequestListener) & { json(): unknown }

export const onExpress: Mount = async (options) => {
  const operations = await server(options)
  const app = express()
  app.use('/ops', operations.express())
  return over(operations, '/ops', app)
}

/** Behind a parser that has read the body already, as many applications have it. */
export const onParsedExpress: Mount = async (options) => {
  const operations = await server({ ...options, base: '/ops' })
  const app = express()
  app.use(express.json())
  app.use(operations.express())
  return over(operations, '/ops', app)
}

export const onFastify: Mount = async (options) => {
  const operations = await server(options)
  const app = fastify()
  await app.register(operations.fastify(), { prefix: '/ops' })
  await app.listen({ port: 0, host: '127.0.0.1' })
  return listening(operations, '/ops', app.server as ReturnType<typeof createServer>, () => app.close())
}

export const onHono: Mount = async (options) => {
  const operations = await server({ ...options, base: '/ops' })
  const app = new Hono()
  app.use(operations.hono() as never)
  // What Hono's own server for Node does: requests become the web's, with the incoming one beside them.
  const bridge = (request: NodeRequest, response: NodeResponse): void => {
    const handler = {
      fetch: (asked: Request) => app.fetch(asked, { incoming: request }),
      refuse: () => new Response(null, { status: 400 }),
    }
    void answer(handler as never, request, response)
  }
  return over(operations, '/ops', bridge as unknown as RequestListener)
}

export const FRAMEWORKS: readonly (readonly [string, Mount])[] = [
  ['node:http', onNode],
  ['express', onExpress],
  ['fastify', onFastify],
  ['hono', onHono],
]
