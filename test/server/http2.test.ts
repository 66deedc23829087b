/** The handler behind `node:http2`, whose requests have pseudo-headers and whose answers have no connection of their own. */
import { type ClientHttp2Session, connect, createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { server } from '../../ts/entries/server/node.js'
import { plant, TOKENS, tokens } from './support/plant.js'

async function mounted() {
  const { options } = await plant(2)
  const operations = await server({ ...options, tokens, bodyMax: 2048 })
  const http = createServer((request, response) => operations.node(request as never, response as never))
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const client = connect(`http://127.0.0.1:${(http.address() as AddressInfo).port}`)
  onTestFinished(async () => {
    client.destroy()
    await operations.close()
    await new Promise((resolve) => http.close(resolve))
  })
  return client
}

function ask(client: ClientHttp2Session, headers: Record<string, string>, body?: string) {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const stream = client.request({ ':path': '/health', ...headers })
    let [status, text] = [0, '']
    stream.on('response', (head) => {
      status = Number(head[':status'])
    })
    stream.setEncoding('utf8')
    stream.on('data', (part) => {
      text += part
    })
    stream.on('close', () => resolve({ status, text }))
    stream.on('error', (error) => (status > 0 ? resolve({ status, text }) : reject(error)))
    stream.end(body)
  })
}

test('queries, commands, streams, and what is refused', async () => {
  const client = await mounted()
  const token = (of: keyof typeof TOKENS) => ({ authorization: `Bearer ${TOKENS[of]}` })
  expect(await ask(client, {})).toMatchObject({ status: 200, text: expect.stringContaining('status') })
  expect((await ask(client, { ':path': '/api/v1/state', ...token('reader') })).status).toBe(200)
  expect((await ask(client, { ':path': '/api/v1/state' })).status).toBe(401)
  expect((await ask(client, { ':authority': 'evil.example' })).status).toBe(421)
  expect((await ask(client, { ':authority': 'localhost', host: '127.0.0.1' })).status).toBe(400)
  const command = {
    ':method': 'POST',
    ':path': '/api/v1/tuners/catalog/commands',
    'content-type': 'application/json',
    ...token('operator'),
  }
  expect(await ask(client, command, '{"command":"freeze"}')).toMatchObject({ status: 200 })
  const large = await ask(client, command, JSON.stringify({ command: 'freeze', reason: 'x'.repeat(100_000) }))
  expect(large.status).toBe(413)
  const told = await new Promise<string>((resolve, reject) => {
    const stream = client.request({ ':path': '/api/v1/events', ...token('reader') })
    let text = ''
    stream.setEncoding('utf8')
    stream.on('error', reject)
    stream.on('data', (part) => {
      text += part
      if (!text.includes('event: state')) return
      stream.close()
      resolve(text)
    })
  })
  expect(told).toContain('event: hello')
})
