import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Agent, type Dispatcher, fetch, getGlobalDispatcher, interceptors, request, stream } from 'undici'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { interceptor } from '../../ts/adapters/undici/index.js'
import { type Limiter, limiter } from '../../ts/entries/resilience/node.js'
import { fakeClock } from '../../ts/testing/index.js'
import { reportOf, until, watching } from './support/watch.js'

/** Answers with the status that the path names; `/hang` never answers. */
class Upstream {
  readonly #server: Server
  origin = ''
  asked = 0

  constructor() {
    this.#server = createServer((incoming, response) => {
      this.asked++
      if (incoming.url === '/hang') return
      response.writeHead(Number(incoming.url?.slice(1)), { 'x-seen': 'yes' })
      response.end(incoming.method === 'HEAD' ? undefined : 'body')
    })
  }

  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    this.origin = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

const strict = {
  window: { calls: 10 },
  minimumCalls: 3,
  failureRate: 0.5,
  // Longer than any test, however slow the machine; who waits for it has a clock of its own.
  openFor: '10s',
  jitter: 0,
  probes: 1,
} as const
let one: Upstream
let two: Upstream
let agent: Agent

beforeEach(async () => {
  one = new Upstream()
  two = new Upstream()
  agent = new Agent()
  await Promise.all([one.open(), two.open()])
})
afterEach(async () => {
  await agent.destroy()
  await Promise.all([one.close(), two.close()])
})

const ask = async (dispatcher: Dispatcher, url: string, options: { signal?: AbortSignal } = {}) => {
  const { statusCode, body } = await request(url, { dispatcher, ...options })
  return { status: statusCode, text: await body.text() }
}

const failAll = async (dispatcher: Dispatcher, origin: string, times: number): Promise<void> => {
  for (let i = 0; i < times; i++) await ask(dispatcher, `${origin}/500`)
}

describe('a breaker per origin', () => {
  test('opens for the origin that fails, and for no other', async () => {
    const reflex = watching({ breaker: strict })
    const guarded = agent.compose(interceptor({ reflex }))
    expect(await ask(guarded, `${one.origin}/200`)).toEqual({ status: 200, text: 'body' })
    await failAll(guarded, one.origin, 2)
    const before = one.asked
    await expect(ask(guarded, `${one.origin}/200`)).rejects.toMatchObject({
      name: 'OpenCircuitError',
      code: 'HOMEOSTAT_OPEN',
      reason: 'open',
    })
    expect(one.asked).toBe(before)
    expect(await ask(guarded, `${two.origin}/200`)).toMatchObject({ status: 200 })
    expect(reportOf(reflex, one.origin)).toMatchObject({ health: 'open', breaker: { state: 'open', inFlight: 0 } })
    expect(reportOf(reflex, two.origin)).toMatchObject({ breaker: { state: 'closed', calls: 1 } })
  })

  test('comes back by a probe', async () => {
    const clock = fakeClock()
    const reflex = watching({ breaker: strict, clock })
    const guarded = agent.compose(interceptor({ reflex }))
    await failAll(guarded, one.origin, 3)
    await expect(ask(guarded, `${one.origin}/200`)).rejects.toMatchObject({ code: 'HOMEOSTAT_OPEN' })
    clock.advance('10s')
    expect(await ask(guarded, `${one.origin}/200`)).toMatchObject({ status: 200 })
    expect(reportOf(reflex, one.origin)).toMatchObject({ breaker: { state: 'closed' } })
  })

  test('what the caller asked wrongly is no failure; what fails can be said', async () => {
    const reflex = watching({ breaker: strict })
    const guarded = agent.compose(interceptor({ reflex }))
    for (let i = 0; i < 10; i++) expect((await ask(guarded, `${one.origin}/404`)).status).toBe(404)
    const choosy = agent.compose(interceptor({ reflex, name: () => 'choosy', isFailure: (status) => status === 429 }))
    for (let i = 0; i < 3; i++) await ask(choosy, `${one.origin}/429`)
    await expect(ask(choosy, `${one.origin}/200`)).rejects.toMatchObject({ code: 'HOMEOSTAT_OPEN' })
    expect((await ask(guarded, `${one.origin}/200`)).status).toBe(200)
  })

  test('a connection that cannot be had is a failure', async () => {
    const reflex = watching({ breaker: strict })
    const guarded = agent.compose(interceptor({ reflex }))
    const gone = new Upstream()
    await gone.open()
    await gone.close()
    for (let i = 0; i < 3; i++)
      await expect(ask(guarded, `${gone.origin}/200`)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await expect(ask(guarded, `${gone.origin}/200`)).rejects.toMatchObject({ code: 'HOMEOSTAT_OPEN' })
    expect(reportOf(reflex, gone.origin)).toMatchObject({ errors: 3, lastError: 'ECONNREFUSED' })
  })

  test('an abort says nothing of the origin, a timeout does', async () => {
    const reflex = watching({ breaker: strict })
    const guarded = agent.compose(interceptor({ reflex }))
    for (let i = 0; i < 3; i++) {
      const gone = new AbortController()
      const asked = ask(guarded, `${one.origin}/hang`, { signal: gone.signal })
      await until(() => one.asked === i + 1)
      gone.abort()
      await expect(asked).rejects.toMatchObject({ name: 'AbortError' })
    }
    expect(reportOf(reflex, one.origin)).toMatchObject({ breaker: { state: 'closed', calls: 0, inFlight: 0 } })
    for (let i = 0; i < 3; i++)
      await expect(ask(guarded, `${one.origin}/hang`, { signal: AbortSignal.timeout(20) })).rejects.toThrow()
    await expect(ask(guarded, `${one.origin}/200`)).rejects.toMatchObject({ code: 'HOMEOSTAT_OPEN' })
  })

  test('a call in flight counts as slow before it ends', async () => {
    const clock = fakeClock()
    const reflex = watching({ breaker: { ...strict, slow: '30ms', slowRate: 0.5 }, clock })
    const guarded = agent.compose(interceptor({ reflex }))
    const gone = new AbortController()
    const hanging = [1, 2, 3].map(() => ask(guarded, `${one.origin}/hang`, { signal: gone.signal }))
    await until(() => one.asked === 3)
    clock.advance('30ms')
    reflex.tick()
    await expect(ask(guarded, `${one.origin}/200`)).rejects.toMatchObject({ code: 'HOMEOSTAT_OPEN' })
    gone.abort()
    for (const one of hanging) await expect(one).rejects.toMatchObject({ name: 'AbortError' })
  })
})

describe('requests pass unchanged', () => {
  test('through request, stream and fetch', async () => {
    const reflex = watching()
    const guarded = agent.compose(interceptor({ reflex }))
    const { headers, body } = await request(`${one.origin}/200`, { dispatcher: guarded })
    expect(headers['x-seen']).toBe('yes')
    await body.dump()
    const chunks: Buffer[] = []
    const { Writable } = await import('node:stream')
    await stream(`${one.origin}/200`, { dispatcher: guarded, method: 'GET' }, ({ statusCode }) => {
      expect(statusCode).toBe(200)
      return new Writable({
        write: (chunk: Buffer, _, done) => {
          chunks.push(chunk)
          done()
        },
      })
    })
    expect(Buffer.concat(chunks).toString()).toBe('body')
    const response = await fetch(`${one.origin}/201`, { dispatcher: guarded })
    expect([response.status, await response.text()]).toEqual([201, 'body'])
    expect(reportOf(reflex, one.origin)).toMatchObject({ calls: 3, errors: 0, breaker: { inFlight: 0 } })
  })

  test('a refusal reaches fetch and stream as an error', async () => {
    const reflex = watching()
    const guarded = agent.compose(interceptor({ reflex }))
    reflex.component(one.origin).forceOpen()
    await expect(fetch(`${one.origin}/200`, { dispatcher: guarded })).rejects.toMatchObject({
      cause: { code: 'HOMEOSTAT_OPEN', reason: 'forced-open' },
    })
    const { PassThrough } = await import('node:stream')
    await expect(
      stream(`${one.origin}/200`, { dispatcher: guarded, method: 'GET' }, () => new PassThrough()),
    ).rejects.toMatchObject({ code: 'HOMEOSTAT_OPEN' })
    expect(one.asked).toBe(0)
  })

  test('around undici’s own interceptors: a retry asks for admission each time', async () => {
    const reflex = watching({ breaker: strict })
    const retrying = agent.compose(
      interceptor({ reflex }),
      interceptors.retry({ maxRetries: 5, minTimeout: 1, timeoutFactor: 1 }),
    )
    await expect(ask(retrying, `${one.origin}/503`)).rejects.toMatchObject({ code: 'HOMEOSTAT_OPEN' })
    expect(one.asked).toBe(3)
  })

  test('the global dispatcher is left alone', async () => {
    const before = getGlobalDispatcher()
    const reflex = watching()
    agent.compose(interceptor({ reflex }))
    expect(getGlobalDispatcher()).toBe(before)
    await (await globalThis.fetch(`${one.origin}/200`)).text()
    expect(reflex.health().components).toBe(0)
  })
})

describe('limits', () => {
  test('one limiter per origin, whose places come back', async () => {
    const reflex = watching()
    const made = new Map<string, Limiter>()
    const limit = (origin: string): Limiter => {
      const one = limiter(1)
      made.set(origin, one)
      return one
    }
    const guarded = agent.compose(interceptor({ reflex, limit }))
    const gone = new AbortController()
    const hanging = ask(guarded, `${one.origin}/hang`, { signal: gone.signal })
    await until(() => one.asked === 1)
    await expect(ask(guarded, `${one.origin}/200`)).rejects.toMatchObject({ code: 'HOMEOSTAT_LIMITED' })
    expect((await ask(guarded, `${two.origin}/200`)).status).toBe(200)
    gone.abort()
    await expect(hanging).rejects.toMatchObject({ name: 'AbortError' })
    expect((await ask(guarded, `${one.origin}/200`)).status).toBe(200)
    expect([...made.keys()]).toEqual([one.origin, two.origin])
    for (const one of made.values()) expect(one.inFlight).toBe(0)
    // What was refused for want of a place is no call of the origin.
    expect(reportOf(reflex, one.origin)).toMatchObject({ errors: 0, breaker: { inFlight: 0 } })
  })

  test('origins are remembered up to the bound', async () => {
    const reflex = watching()
    let made = 0
    const guarded = agent.compose(
      interceptor({
        reflex,
        origins: 1,
        limit: () => {
          made++
          return limiter(5)
        },
      }),
    )
    await ask(guarded, `${one.origin}/200`)
    await ask(guarded, `${one.origin}/200`)
    expect(made).toBe(1)
    await ask(guarded, `${two.origin}/200`)
    await ask(guarded, `${one.origin}/200`)
    expect(made).toBe(3)
  })

  test('no room for an origin, or a function that throws, fails the request and nothing else', async () => {
    const reflex = watching({ components: 1 })
    reflex.component('pinned', { pinned: true })
    const full = agent.compose(interceptor({ reflex }))
    await expect(ask(full, `${one.origin}/200`)).rejects.toMatchObject({ code: 'HOMEOSTAT_CAPACITY' })
    const boom = (): never => {
      throw new Error('boom')
    }
    const throwing = agent.compose(interceptor({ reflex: watching(), tier: boom }))
    await expect(fetch(`${one.origin}/200`, { dispatcher: throwing })).rejects.toMatchObject({
      cause: { message: 'boom' },
    })
    const judging = agent.compose(interceptor({ reflex: watching({ breaker: strict }), isFailure: boom }))
    expect((await ask(judging, `${one.origin}/200`)).status).toBe(200)
    expect(one.asked).toBe(1)
  })

  test('what undici itself refuses to send gives everything back', async () => {
    const reflex = watching()
    const places = limiter(3)
    const guarded = agent.compose(interceptor({ reflex, limit: () => places }))
    for (let i = 0; i < 5; i++)
      await expect(
        request(`${one.origin}/200`, { dispatcher: guarded, headers: { 'bad name': 'x' } as never }),
      ).rejects.toMatchObject({ code: 'UND_ERR_INVALID_ARG' })
    expect(places.inFlight).toBe(0)
    expect(reportOf(reflex, one.origin)).toMatchObject({ breaker: { inFlight: 0 } })
  })
})
