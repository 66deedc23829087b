import { describe, expect, test } from 'vitest'
import { limiter, protect, reflex, type SoloLimiterOptions } from '../../ts/entries/resilience/node.js'
import { boom, deferred, fakeClock } from './support/clock.js'

const make = (options: SoloLimiterOptions = {}) => {
  const clock = fakeClock(0)
  return { clock, limit: limiter({ clock, name: 'db', ...options }) }
}

describe('a fixed limit', () => {
  test('lets so many in at once; the rest is refused, and nothing leaks', async () => {
    const limit = limiter(2)
    const work = deferred<number>()
    const calls = [1, 2].map(() => limit.try(() => work.promise))
    expect(await limit.try(boom)).toMatchObject({ reason: 'limit', code: 'HOMEOSTAT_LIMITED' })
    await expect(limit.execute(boom)).rejects.toMatchObject({ name: 'RefusedError', code: 'HOMEOSTAT_LIMITED' })
    expect([limit.limit, limit.inFlight]).toEqual([2, 2])
    work.resolve(7)
    expect(await Promise.all(calls)).toEqual([1, 2].map(() => ({ ok: true, value: 7 })))
    expect(await limit.try(boom)).toMatchObject({ reason: 'failed' })
    expect([limit.inFlight, limit.stats]).toEqual([0, { refused: 2, expired: 0 }])
  })

  test('permits are given back once, and those that never are come back by themselves', () => {
    const { clock, limit } = make({ kind: 'fixed', initial: 1, lease: '10s' })
    const permit = limit.tryAcquire()
    expect([limit.tryAcquire() < 0, limit.served(permit), limit.served(permit), limit.dropped(permit)]).toEqual([
      true,
      true,
      false,
      false,
    ])
    for (const nonsense of [0, -1, 0.5, Number.NaN, 2 ** 53]) expect(limit.ignore(nonsense)).toBe(false)
    const lost = limit.tryAcquire()
    clock.advance('10s')
    expect([limit.inFlight, limit.stats.expired, limit.served(lost)]).toEqual([0, 1, false])
  })
})

describe('a limit that moves', () => {
  test('falls when calls time out or are dropped, and rises while it is used', async () => {
    const { clock, limit } = make({ kind: 'aimd', initial: 10, timeout: '1s' })
    const together = (ms: number) => {
      const permits = Array.from({ length: limit.limit }, () => limit.tryAcquire())
      clock.advance(ms)
      for (const permit of permits) limit.served(permit)
    }
    together(10)
    expect(limit.limit).toBeGreaterThan(10)
    const before = limit.limit
    limit.dropped(limit.tryAcquire())
    expect(limit.limit).toBeLessThan(before)
    const then = limit.limit
    expect(await limit.try(() => deferred().promise, { signal: AbortSignal.timeout(1) })).toMatchObject({
      reason: 'aborted',
    })
    expect(limit.limit).toBeLessThan(then)
    limit.setBounds(3, 5)
    expect(limit.limit).toBe(5)
  })

  test('what the caller aborted says nothing', async () => {
    const { limit } = make({ kind: 'aimd', initial: 10 })
    const gone = new AbortController()
    const call = limit.try(() => deferred().promise, { signal: gone.signal })
    gone.abort()
    expect(await call).toMatchObject({ reason: 'aborted' })
    expect([limit.limit, limit.inFlight]).toEqual([10, 0])
  })

  test.each(['adaptive', 'vegas', 'gradient2'] as const)('%s finds about what a server of ten places takes', (kind) => {
    const clock = fakeClock(0)
    const limit = limiter({ kind, clock, max: 200 })
    // Ten places at 10 ms each: what comes above that waits for a place.
    const open: { permit: number; ends: number }[] = []
    let free = Array.from({ length: 10 }, () => 0)
    for (let us = 0; us < 20_000_000; us += 500) {
      clock.set(us)
      for (const one of open.filter(({ ends }) => ends <= us)) limit.served(one.permit)
      open.splice(0, open.length, ...open.filter(({ ends }) => ends > us))
      const permit = limit.tryAcquire()
      if (permit < 0) continue
      free = free.sort((a, b) => a - b)
      const ends = Math.max(us, free[0] ?? 0) + 10_000
      free[0] = ends
      open.push({ permit, ends })
    }
    expect(limit.limit).toBeGreaterThanOrEqual(5)
    expect(limit.limit).toBeLessThanOrEqual(40)
  })
})

test('protect takes it by itself, and inside of a reflex as the limit of the component', async () => {
  const work = deferred()
  await using watching = reflex({ tick: 'manual' })
  for (const options of [{}, { reflex: watching }]) {
    const f = protect('db', () => work.promise, { limit: 1, ...options })
    const first = f.try()
    expect(await f.try()).toMatchObject({ reason: 'limit', code: 'HOMEOSTAT_LIMITED', by: 'db' })
    void first
  }
  work.resolve()
  await new Promise((resolve) => setTimeout(resolve))
  expect(watching.component('db').explain()).toMatchObject({ limit: 1, breaker: { inFlight: 0 } })
})

test.each([0, 1.5, 'clever', { min: 5, max: 2 }, { kind: 'fixed', initial: 0 }, { lease: 'long' }, { size: 1 }, null])(
  '%j is refused',
  (options) => {
    expect(() => limiter(options as never)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/INVALID_OPTION|UNKNOWN_OPTION/) }),
    )
  },
)
