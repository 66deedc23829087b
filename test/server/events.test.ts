/** Server-sent events: what is told, resumed, bounded and ended. */
import { connect } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { HUB_DEFAULTS, Hub } from '../../ts/server/events/hub.js'
import { until } from '../support/folder.js'
import { ask } from './support/ask.js'
import { alone, closeAll, FRAMEWORKS, type Mounted } from './support/mounted.js'
import { plant, TOKENS, tokens } from './support/plant.js'

afterEach(closeAll)

interface Event {
  readonly id?: string
  readonly event?: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into events of every shape
  readonly data?: any
}

function eventsIn(text: string): Event[] {
  return text
    .split('\n\n')
    .slice(0, -1)
    .map((block) => {
      const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2)))
      return { ...fields, ...(fields.data !== undefined && { data: JSON.parse(fields.data) }) }
    })
}

/** Reads a stream in the background. */
async function follow(at: Mounted, token: string, headers: Record<string, string> = {}) {
  const gone = new AbortController()
  const response = await fetch(`http://127.0.0.1:${at.port}${at.base}/api/v1/events`, {
    headers: { authorization: `Bearer ${token}`, ...headers },
    signal: gone.signal,
  })
  let text = ''
  let ended = false
  const reading = (async () => {
    const decoder = new TextDecoder()
    try {
      for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) text += decoder.decode(part)
    } catch {}
    ended = true
  })()
  return {
    response,
    events: () => eventsIn(text),
    named: (name: string) => eventsIn(text).filter(({ event }) => event === name),
    text: () => text,
    ended: () => ended,
    stop: async () => {
      gone.abort()
      await reading
    },
  }
}

describe.each(FRAMEWORKS)('%s', (_, mount) => {
  test('changes, breakers and operations are told as they happen, and nothing is missed over a break', async () => {
    const { options, pass, tuner, watching, database } = await plant(1)
    const at = await mount({ ...options, tokens, stateInterval: 50, heartbeat: 60 })
    const first = await follow(at, TOKENS.reader)
    expect(first.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(first.response.headers.get('cache-control')).toBe('no-store')
    await until(() => first.named('state').length >= 2)
    expect(first.named('state')[0]?.data.tuners[0].name).toBe('catalog')
    tuner.freeze('ttl')
    await ask(at, {
      method: 'POST',
      path: '/api/v1/tuners/catalog/commands',
      token: TOKENS.operator,
      body: { command: 'control', word: 'freeze' },
    })
    database.open()
    watching.tick()
    await until(() => first.named('breaker').length > 0 && first.named('operation').length > 0)
    expect(first.named('change').map(({ data }) => data.type)).toEqual(expect.arrayContaining(['frozen', 'control']))
    expect(first.named('operation')[0]?.data).toMatchObject({ actor: 'ada', outcome: 'done' })
    expect(first.named('breaker')[0]?.data).toMatchObject({ component: 'database', to: 'open', cause: 'operator' })
    await until(() => first.text().includes(': still here'))
    const last = first
      .events()
      .filter(({ id }) => id !== undefined)
      .at(-1)?.id as string
    await first.stop()

    tuner.control('on')
    tuner.unfreeze('ttl')
    pass(1)
    const again = await follow(at, TOKENS.reader, { 'last-event-id': last })
    await until(() => again.named('change').length >= 2)
    expect(
      again
        .named('change')
        .slice(0, 2)
        .map(({ data }) => data.type),
    ).toEqual(['control', 'unfrozen'])
    expect(again.named('reset')).toEqual([])
    await again.stop()

    const lost = await follow(at, TOKENS.reader, { 'last-event-id': 'another.7' })
    await until(() => lost.named('reset').length === 1)
    expect(lost.named('reset')[0]?.data).toEqual({ reason: 'unknown-id' })
    await lost.stop()
  })

  test('a stream ends when its token is withdrawn; places are bounded and given back', async () => {
    const { options } = await plant()
    const at = await mount({ ...options, tokens, readers: 2, stateInterval: 50 })
    const one = await follow(at, TOKENS.reader)
    const two = await follow(at, TOKENS.operator)
    const none = await ask(at, { path: '/api/v1/events', token: TOKENS.reader })
    expect([none.status, none.headers.get('retry-after')]).toEqual([503, '5'])
    at.operations.setTokens([tokens[1]])
    await until(() => one.ended())
    expect(two.ended()).toBe(false)
    const next = await follow(at, TOKENS.operator)
    expect(next.response.status).toBe(200)
    await two.stop()
    await next.stop()
    const metrics = async () => (await ask(at, { path: '/metrics', token: TOKENS.operator })).body
    await expect.poll(metrics).toContain('homeostat_server_readers 0')
  })
})

test('a token that is replaced under its name takes its streams with it, and no other', async () => {
  const { options } = await plant()
  const at = await alone({ ...options, tokens, stateInterval: 50, heartbeat: 60_000 })
  const [replaced, kept] = [await follow(at, TOKENS.reader), await follow(at, TOKENS.operator)]
  at.operations.setTokens([{ ...tokens[0], token: 'another-reader-token-0000' }, tokens[1], tokens[2]])
  await until(() => replaced.ended())
  expect((await ask(at, { path: '/api/v1', token: TOKENS.reader })).status).toBe(401)
  const before = kept.named('state').length
  await until(() => kept.named('state').length > before + 2)
  expect(kept.ended()).toBe(false)
  // The same tokens once more end nothing.
  at.operations.setTokens([tokens[1]])
  const then = kept.named('state').length
  await until(() => kept.named('state').length > then + 2)
  expect(kept.ended()).toBe(false)
  await kept.stop()
})

test('a listener that closes ends its own streams, and no others', async () => {
  const { options } = await plant()
  const at = await alone({ ...options, tokens, stateInterval: 50 })
  const second = await at.operations.listen({ port: 0 })
  const [stays, ends] = [await follow(at, TOKENS.reader), await follow({ ...at, port: second.port }, TOKENS.reader)]
  await second.close()
  await until(() => ends.ended())
  const before = stays.named('state').length
  await until(() => stays.named('state').length > before + 2)
  expect(stays.ended()).toBe(false)
  await stays.stop()
})

test('a reader that takes nothing loses its place, one that is slow does not', async () => {
  const hub = new Hub({ ...HUB_DEFAULTS, heartbeatMs: 1e6, stateMs: 1e6 }, 'e', async () => ({}))
  hub.read(null, () => true)
  const slow = hub.read(null, () => true).getReader()
  for (let i = 0; i < 20; i++) hub.tell('change', { i })
  for (let i = 0; i < 12; i++) {
    await slow.read()
    await new Promise((resolve) => setTimeout(resolve, 0))
    hub.beat()
  }
  expect(hub.readers).toBe(1)
  hub.close()
})

test('a connection whose other side stopped reading gives its place and its socket back', async () => {
  const { options } = await plant()
  const big = 'x'.repeat(900_000)
  const at = await alone({
    ...options,
    tokens,
    readers: 1,
    stateInterval: 50,
    // It has its place for four of them: long enough to be seen.
    heartbeat: 400,
    sections: { big: () => big },
  })
  const socket = connect(at.port, '127.0.0.1')
  const closed = new Promise((resolve) => socket.on('close', resolve))
  socket.on('error', () => {})
  socket.pause()
  socket.write(`GET /api/v1/events HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${TOKENS.reader}\r\n\r\n`)
  const status = async () => (await ask(at, { method: 'HEAD', path: '/api/v1/events', token: TOKENS.reader })).status
  await expect.poll(status).toBe(503)
  await expect.poll(status, { interval: 100 }).toBe(200)
  socket.resume()
  await closed
})

test('a reader that does not read costs a bounded buffer and is told what it missed', async () => {
  const hub = new Hub({ ...HUB_DEFAULTS, waitingMax: 100, charactersMax: 10_000 }, 'e', async () => ({}))
  const reader = hub.read(null, () => true).getReader()
  for (let i = 0; i < 5000; i++) hub.tell('change', { i })
  let text = ''
  const decoder = new TextDecoder()
  const end = hub.read(null, () => true)
  await end.cancel()
  for (let reads = 0; reads < 200 && !text.includes('"i":4999'); reads++)
    text += decoder.decode((await reader.read()).value)
  const [reset] = eventsIn(text).filter(({ event }) => event === 'reset')
  expect(reset?.data.reason).toBe('too-slow')
  expect(reset?.data.lost).toBeGreaterThan(4000)
  expect(eventsIn(text).filter(({ event }) => event === 'change').length).toBeLessThan(210)
  hub.close()
  expect(hub.readers).toBe(0)
})
