/**
 * Nonsense and rough treatment, one kind each: what comes of it is an outcome with a code, nothing leaks and nothing wedges. Every test
 * ends with the same question, `isWell`: is nothing in flight, and does a good call still pass?
 */
import { describe, expect, test } from 'vitest'
import { abortable, breaker, limiter, protect, reflex } from '../../ts/entries/resilience/node.js'
import { boom, deferred, fakeClock } from './support/clock.js'

const make = () => {
  const clock = fakeClock(1_000_000)
  return { clock, r: reflex({ clock, tick: 'manual', seed: 1, components: 64, permits: 32 }) }
}
type Watching = ReturnType<typeof make>['r']

async function isWell(r: Watching): Promise<void> {
  r.tick()
  expect(r.health()).toMatchObject({ inFlight: 0, shedFromTier: 5 })
  expect(await r.component('well').try(() => 7)).toEqual({ ok: true, value: 7 })
}

const malformed = (r: Watching): number => r.health().dropped.malformedEvents ?? Number.NaN
const unknown = (r: Watching): number => r.health().dropped.unknownComponents ?? Number.NaN

test.each([-1, Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, -1e-9])(
  'a latency of %d is no event, and counted',
  async (latency) => {
    const { r } = make()
    await using _ = r
    const one = r.component('one')
    r.events.requestEnd(one, 1, 'ok', latency)
    r.events.callReturn(one, one, 1, 'failed', latency, new Error('x'))
    r.events.queueDepth(one, latency)
    r.events.resourceSpike(one, one, latency)
    expect(malformed(r)).toBe(4)
    expect(one.explain()).toMatchObject({ calls: 0, errors: 0, queueDepth: 0, p99Us: 0 })
    await isWell(r)
  },
)

test.each([-1, Number.NaN, Number.NEGATIVE_INFINITY])('a time of %d is the latest one known', async (us) => {
  const { r } = make()
  await using _ = r
  const one = r.component('one')
  const permit = one.tryAcquire(2, us)
  expect(permit).toBeGreaterThan(0)
  expect(one.succeed(permit, us)).toBe(true)
  r.events.requestEnd(one, 1, 'ok', 5, undefined, us)
  expect(malformed(r)).toBe(1)
  await isWell(r)
})

test('a component that is unknown is refused with its code, and its events are counted', async () => {
  const { r } = make()
  await using _ = r
  const [gone, stays] = [r.component('gone'), r.component('stays')]
  const permit = gone.tryAcquire()
  const { handle } = gone
  expect(r.forget(gone)).toBe(true)
  expect(r.forget(gone)).toBe(false)
  expect(gone.succeed(permit)).toBe(false)
  r.events.call({ name: 'gone', handle }, stays)
  r.events.call(stays, { name: 'never', handle: 0xffff_ffff })
  r.events.requestStart({ name: 'never', handle: 12_345 }, 1)
  r.tick()
  expect(unknown(r)).toBe(3)
  expect(gone.refusal(-6)).toMatchObject({ reason: 'unknown', code: 'HOMEOSTAT_UNKNOWN_COMPONENT' })
  expect(gone.explain()).toBeUndefined()
  expect(r.optimised(gone, 'nothing')).toBe(false)
  expect(gone.setLimitBounds(1, 2)).toBe(false)
  await isWell(r)
})

test('results without permits, and double results, count for nobody', async () => {
  const { r } = make()
  await using _ = r
  const one = r.component('one', { consecutive: 1, limit: 2 })
  const places = limiter(2)
  for (const nonsense of [0, -1, -7, 0.5, 3, 2 ** 53, 1e300, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect([one.fail(nonsense), one.succeed(nonsense), one.ignore(nonsense)]).toEqual([false, false, false])
    expect([places.served(nonsense), places.dropped(nonsense), places.ignore(nonsense)]).toEqual([false, false, false])
  }
  const permit = one.tryAcquire()
  expect([one.succeed(permit), one.fail(permit), one.fail(permit)]).toEqual([true, false, false])
  expect(one.explain()).toMatchObject({ calls: 1, errors: 0, breaker: { state: 'closed', inFlight: 0 } })
  expect(places.inFlight).toBe(0)
  await isWell(r)
})

test('permits that are never returned come back, also where they were all of them', async () => {
  const { clock, r } = make()
  await using _ = r
  const one = r.component('one', { lease: '10s', failureRate: false })
  const permits = Array.from({ length: 40 }, () => one.tryAcquire())
  expect(permits.filter((permit) => permit > 0)).toHaveLength(32)
  expect(await r.component('other').try(() => 1)).toMatchObject({ reason: 'capacity', code: 'HOMEOSTAT_CAPACITY' })
  clock.advance('10s')
  expect(await r.component('other').try(() => 1)).toEqual({ ok: true, value: 1 })
  expect(one.succeed(permits[0] as number)).toBe(false)
  expect(one.explain()).toMatchObject({ breaker: { expired: 32, inFlight: 0 } })
  await isWell(r)
})

test('listeners that throw, reject, or call back into what they hear of change nothing', async () => {
  const { r } = make()
  await using _ = r
  const one = r.component('one', { consecutive: 1, openFor: '1s' })
  let heard = 0
  r.on('breaker', boom)
  r.on('breaker', () => Promise.reject(new Error('later')))
  r.on('breaker', () => {
    heard++
    // Each of these would be told to this very listener again.
    r.component('other').open()
    r.component('other').auto()
    r.tick()
  })
  let off = (): void => {}
  off = r.on('breaker', () => off())
  expect(await one.try(boom)).toMatchObject({ reason: 'failed', code: 'HOMEOSTAT_FAILED' })
  expect(await one.try(boom)).toMatchObject({ reason: 'open', code: 'HOMEOSTAT_OPEN' })
  expect(heard).toBeGreaterThan(0)
  await Promise.resolve()
  expect(r.listenerErrors).toBeGreaterThan(1)
  const circuit = breaker({ consecutive: 1 })
  circuit.on('change', boom)
  circuit.fail(circuit.tryAcquire())
  expect([circuit.state, circuit.listenerErrors]).toEqual(['open', 1])
  expect(r.health().inFlight).toBe(0)
})

test('thousands of breakers by names that users choose are as many as there is room for', async () => {
  const { r } = make()
  await using _ = r
  const kept = r.component('kept', { pinned: true })
  for (let i = 0; i < 5000; i++) {
    const outcome = await r.component(`user ${i}`, { consecutive: 1e6, failureRate: false }).try(i % 2 ? boom : () => i)
    expect(outcome.ok).toBe(i % 2 === 0)
  }
  for (const name of ['', 'x'.repeat(129), 'ä'.repeat(65), 5, undefined, {}])
    expect(() => r.component(name as string)).toThrow(expect.objectContaining({ code: 'HOMEOSTAT_INVALID_NAME' }))
  expect(r.health()).toMatchObject({ components: 64, inFlight: 0 })
  expect(kept.explain()).toBeDefined()
  await isWell(r)
})

describe('an abort', () => {
  const paths = ['alone', 'in a reflex', 'with everything'] as const
  test.each(paths)('before, during and after a call %s is an outcome, and leaves nothing', async (path) => {
    const { r } = make()
    await using _ = r
    const work = deferred<number>()
    const heard: AbortSignal[] = []
    const every = { retry: 2, bulkhead: 1, timeout: '1h', deadline: '2h', limit: 4, hedge: { after: '1h' } } as const
    const f = protect(
      'f',
      abortable(({ signal }) => {
        heard.push(signal)
        return work.promise
      }),
      { breaker: {}, ...(path === 'alone' ? {} : { reflex: r }), ...(path === 'with everything' ? every : {}) },
    )
    const before = AbortSignal.abort('too late')
    expect(await f.with({ signal: before }).try()).toMatchObject({
      reason: 'aborted',
      code: 'HOMEOSTAT_ABORTED',
      error: 'too late',
    })
    expect(heard).toHaveLength(0)
    const gone = new AbortController()
    const during = f.with({ signal: gone.signal }).try()
    await new Promise((resolve) => setTimeout(resolve))
    expect(heard).toHaveLength(1)
    gone.abort('enough')
    expect(await during).toMatchObject({ reason: 'aborted', code: 'HOMEOSTAT_ABORTED', error: 'enough' })
    expect(heard[0]?.aborted).toBe(true)
    const late = new AbortController()
    const after = f.with({ signal: late.signal }).try()
    work.resolve(3)
    expect(await after).toEqual({ ok: true, value: 3 })
    late.abort('after')
    expect(f.policies.breaker).toMatchObject({ state: 'closed' })
    expect(f.policies.breaker?.explain()).toMatchObject(
      path === 'alone' ? { calls: 1, failures: 0, inFlight: 0 } : { breaker: { calls: 1, failures: 0, inFlight: 0 } },
    )
    if (path === 'with everything') expect(f.policies.bulkhead?.stats).toMatchObject({ running: 0, waiting: 0 })
    await isWell(r)
  })
})
