/** One suite for every adapter of a server, each over the real framework. */
import { afterEach, describe, expect, test } from 'vitest'
import { shedder } from '../../ts/entries/flow/node.js'
import { limiter } from '../../ts/entries/resilience/node.js'
import { onExpress, onFastify, onHono, type Served } from './support/servers.js'
import { inCascade, reportOf, until, watching } from './support/watch.js'

const routes = { 'GET /items/:id': 1, '/slow': { tier: 2, name: 'slow' }, '/missing': 3, '/unavailable': { tier: 4 } }

describe.each([
  ['express', onExpress],
  ['fastify', onFastify],
  ['hono', onHono],
])('%s', (framework, serve) => {
  const open: Served[] = []
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close()
  })
  const serving: typeof serve = async (options, held) => {
    const one = await serve(options, held)
    open.push(one)
    return one
  }
  const pause = () => {
    let release = (): void => {}
    return { held: { release: new Promise<void>((resolve) => (release = resolve)) }, release: () => release() }
  }

  test('requests pass unchanged, and are measured per route: latency, errors', async () => {
    const reflex = watching()
    const app = await serving({ reflex, routes, name: 'shop' })
    expect(await app.get('/items/7?color=red')).toMatchObject({ status: 200, body: 'item 7' })
    expect(await app.get('/items/8')).toMatchObject({ status: 200, body: 'item 8' })
    expect((await app.get('/missing')).status).toBe(404)
    expect((await app.get('/unavailable')).status).toBe(503)
    expect((await app.get('/broken')).status).toBe(500)
    await until(() => app.stats.inFlight === 0)
    expect(app.stats).toEqual({ inFlight: 0, served: 3, failed: 2, aborted: 0, refused: [0, 0, 0, 0, 0] })
    const items = reportOf(reflex, 'shop GET /items/:id')
    expect(items).toMatchObject({ calls: 2, errors: 0, health: 'healthy', breaker: { inFlight: 0 } })
    expect(items?.p99Us).toBeGreaterThan(0)
    // What the client asked wrongly is no failure of the service.
    expect(reportOf(reflex, 'shop /missing')).toMatchObject({ calls: 1, errors: 0 })
    expect(reportOf(reflex, 'shop /unavailable')).toMatchObject({ calls: 1, errors: 1, lastError: 'HTTP 503' })
    // Fastify knows the route of every request, the others those of the table.
    const broken = framework === 'fastify' ? 'shop GET /broken' : 'shop'
    expect(reportOf(reflex, broken)).toMatchObject({ errors: 1, lastError: 'HTTP 500' })
  })

  test('URLs that nobody wrote a pattern for are one component, however many there are', async () => {
    const reflex = watching()
    const app = await serving({ reflex, routes, name: 'shop' })
    for (let i = 0; i < 20; i++) expect((await app.get(`/nothing/${i}`)).status).toBe(404)
    expect(reflex.health().components).toBe(1)
    expect(reportOf(reflex, 'shop')).toMatchObject({ calls: 20 })
  })

  test('where the reflex has no room, requests are served and counted all the same', async () => {
    const reflex = watching({ components: 1 })
    const app = await serving({ reflex, routes, name: 'shop' })
    expect((await app.get('/items/1')).status).toBe(200)
    expect((await app.get('/slow')).status).toBe(200)
    await until(() => app.stats.inFlight === 0)
    expect(reportOf(reflex, 'shop')).toMatchObject({ calls: 2 })
  })

  test('what is in flight is known while it is', async () => {
    const reflex = watching()
    const { held, release } = pause()
    const app = await serving({ reflex, routes, name: 'shop' }, held)
    const slow = app.get('/slow')
    await until(() => app.stats.inFlight === 1)
    expect(reportOf(reflex, 'slow')).toMatchObject({ breaker: { inFlight: 1 } })
    release()
    expect((await slow).body).toBe('slow')
    await until(() => app.stats.inFlight === 0)
    expect(reportOf(reflex, 'slow')).toMatchObject({ calls: 1, breaker: { inFlight: 0 } })
  })

  test('a client that goes away gives its place back, and is no failure', async () => {
    const reflex = watching()
    const { held, release } = pause()
    const app = await serving({ reflex, routes, name: 'shop', limiter: limiter(1) }, held)
    const gone = new AbortController()
    const slow = app.get('/slow', { signal: gone.signal })
    await until(() => app.stats.inFlight === 1)
    gone.abort()
    await expect(slow).rejects.toMatchObject({ name: 'AbortError' })
    if (framework === 'hono') release()
    await until(() => app.stats.inFlight === 0)
    expect(app.stats).toMatchObject({ aborted: 1, failed: 0 })
    expect((await app.get('/items/1')).status).toBe(200)
    release()
    await until(() => app.stats.inFlight === 0)
    expect(app.stats).toMatchObject({ aborted: 1, served: 1 })
  })

  test('in a cascade load is shed by tier: 503 with retry-after, and what matters is served', async () => {
    const reflex = inCascade()
    const from = reflex.shedsFrom
    expect(from).toBeGreaterThan(1)
    expect(from).toBeLessThan(5)
    const app = await serving({ reflex, routes, name: 'shop', tier: 0 })
    expect((await app.get('/items/1')).status).toBe(200)
    const shed = await app.get('/unavailable')
    expect(shed.status).toBe(503)
    expect(JSON.parse(shed.body)).toEqual({ code: 'HOMEOSTAT_SHED', reason: 'shed', retryAfterSeconds: 1 })
    expect(Number(shed.header('retry-after'))).toBeGreaterThanOrEqual(1)
    expect(shed.header('cache-control')).toBe('no-store')
    expect((await app.get('/nothing')).status).toBe(404)
    await until(() => app.stats.inFlight === 0)
    expect(app.stats).toMatchObject({ served: 2, failed: 0, refused: [0, 0, 0, 0, 1] })
  })

  test('a shedder sheds by a capacity of its own', async () => {
    const reflex = watching()
    const app = await serving({ reflex, routes, shedder: shedder({ capacity: 0.3 }) })
    expect((await app.get('/items/1')).status).toBe(200)
    expect(JSON.parse((await app.get('/missing')).body)).toMatchObject({ code: 'HOMEOSTAT_SHED' })
    await until(() => app.stats.inFlight === 0)
    expect(app.stats).toMatchObject({ served: 1, refused: [0, 0, 0, 1, 0] })
  })

  test('over the limit the lesser tiers are refused first, an emergency never', async () => {
    const reflex = watching()
    const { held, release } = pause()
    const tiers = { '/slow': 1, '/items/:id': 1, '/missing': 4, '/unavailable': 0 }
    const app = await serving({ reflex, routes: tiers, limiter: limiter(4) }, held)
    const slow = [app.get('/slow'), app.get('/slow'), app.get('/slow')]
    await until(() => app.stats.inFlight === 3)
    const refused = await app.get('/missing')
    expect(refused.status).toBe(503)
    expect(JSON.parse(refused.body)).toMatchObject({ code: 'HOMEOSTAT_LIMITED', reason: 'limit' })
    expect((await app.get('/items/1')).status).toBe(200)
    await until(() => app.stats.inFlight === 3)
    const fourth = app.get('/slow')
    await until(() => app.stats.inFlight === 4)
    expect((await app.get('/items/1')).status).toBe(503)
    // The application's own 503, not a refusal.
    expect((await app.get('/unavailable')).body).toBe('no')
    release()
    await Promise.all([...slow, fourth])
    await until(() => app.stats.inFlight === 0)
    expect(app.stats.refused).toEqual([0, 1, 0, 0, 1])
    expect((await app.get('/missing')).status).toBe(404)
  })

  test('health: as an object, as OpenMetrics, as a page; also while load is shed', async () => {
    const reflex = inCascade()
    const app = await serving({ reflex, health: '/health', tier: 0 })
    const json = await app.get('/health')
    expect(json).toMatchObject({ status: 200 })
    expect(JSON.parse(json.body)).toMatchObject({ state: 'cascade', cascades: 1, shedFromTier: reflex.shedsFrom })
    const metrics = await app.get('/health', { headers: { accept: 'application/openmetrics-text' } })
    expect(metrics.header('content-type')).toContain('application/openmetrics-text')
    expect(metrics.body.trimEnd().endsWith('# EOF')).toBe(true)
    reflex.component('<script>alert(1)</script>')
    const page = await app.get('/health?format=page')
    expect(page.header('content-type')).toContain('text/html')
    expect(page.header('content-security-policy')).toContain("default-src 'none'")
    expect(page.body).toContain('&lt;script&gt;alert(1)')
    expect(page.body).not.toContain('<script>')
    const head = await app.get('/health', { method: 'HEAD' })
    expect(head).toMatchObject({ status: 200, body: '' })
    expect((await app.get('/healthy')).status).toBe(404)
    await until(() => app.stats.inFlight === 0)
    expect(app.stats).toMatchObject({ served: 1 })
  })

  test('a cascade does not close the door either', async () => {
    const reflex = watching({ cascade: { minimumCalls: 5 } })
    const app = await serving({ reflex, name: 'shop', tier: 0 })
    const others = ['orders', 'database'].map((name) => reflex.component(name))
    for (let i = 0; i < 10; i++) {
      await app.get('/broken')
      for (const component of others) component.fail(component.tryAcquire(0))
    }
    reflex.tick()
    const [witness] = reflex.witnesses()
    expect(witness?.affectedCount).toBe(3)
    expect(witness?.action.opened.filter((name) => name.startsWith('shop'))).toEqual([])
    expect((await app.get('/items/1')).status).toBe(200)
  })

  test('an entrance never opens by itself, however many requests fail', async () => {
    const reflex = watching({ breaker: { minimumCalls: 5 } })
    const app = await serving({ reflex, routes, name: 'shop' })
    for (let i = 0; i < 40; i++) expect((await app.get('/broken')).status).toBe(500)
    reflex.tick()
    expect(reflex.health().openBreakers).toBe(0)
    expect((await app.get('/broken')).status).toBe(500)
    expect((await app.get('/items/1')).status).toBe(200)
  })
})
