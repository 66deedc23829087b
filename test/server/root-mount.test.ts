/** At the root of an application the server leaves the application's own paths alone. */
import { createServer, type RequestListener } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { Hono } from 'hono'
import { expect, onTestFinished, test } from 'vitest'
import { server } from '../../ts/entries/server/node.js'

type Get = (path: string) => Promise<readonly [status: number, text: string]>

async function held(get: Get): Promise<void> {
  expect(await get('/mine?x=1')).toEqual([200, 'mine'])
  expect(await get('/nothing')).toEqual([404, expect.not.stringContaining('urn:homeostat')])
  expect((await get('/health'))[1]).toContain('"status":"ok"')
  expect((await get('/'))[1]).toContain('Homeostat')
  expect(await get('/api/v1/nothing')).toEqual([404, expect.stringContaining('urn:homeostat')])
}

test('express', async () => {
  const operations = await server()
  const express = createRequire(import.meta.url)('express') as () => RequestListener & {
    use(handler: unknown): void
    get(path: string, handler: (request: unknown, response: { send(text: string): void }) => void): void
  }
  const app = express()
  app.use(operations.express())
  app.get('/mine', (_, response) => response.send('mine'))
  const http = createServer(app)
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    await operations.close()
    http.closeAllConnections()
    await new Promise((resolve) => http.close(resolve))
  })
  const { port } = http.address() as AddressInfo
  await held(async (path) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`)
    return [response.status, await response.text()]
  })
})

test('hono', async () => {
  const operations = await server()
  onTestFinished(() => operations.close())
  const app = new Hono()
  app.use(operations.hono() as never)
  app.get('/mine', (context) => context.text('mine'))
  await held(async (path) => {
    const response = await app.fetch(new Request(`http://127.0.0.1${path}`), {
      incoming: { socket: { remoteAddress: '127.0.0.1' } },
    })
    return [response.status, await response.text()]
  })
})
