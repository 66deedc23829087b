import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type SchedulerOptions, scheduler, shedder } from '../../ts/entries/flow/node.js'
import { compose, limiter, timeout } from '../../ts/entries/resilience/node.js'
import { fakeClock } from '../../ts/testing/fake-clock.js'
import { boom, type Deferred, deferred } from '../resilience/support/clock.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  expect(vi.getTimerCount(), 'timers left behind').toBe(0)
  vi.useRealTimers()
})

/** A scheduler and work that is done when it is told to. */
const make = (options: SchedulerOptions = {}) => {
  const clock = fakeClock(0)
  const s = scheduler({ concurrency: 1, clock, ...options })
  const started: string[] = []
  const open = new Map<string, Deferred<string>>()
  const start = (name: string, call: object = {}) => {
    const work = deferred<string>()
    return s.try(() => {
      started.push(name)
      open.set(name, work)
      return work.promise
    }, call)
  }
  const done = async (name: string) => {
    open.get(name)?.resolve(name)
    await vi.advanceTimersByTimeAsync(0)
  }
  return { clock, s, started, start, done }
}

describe('calls', () => {
  test('run as many at once as they may, the best tier first', async () => {
    const { s, started, start, done } = make({ concurrency: 2 })
    const calls = [start('a'), start('b'), start('c', { tier: 4 }), start('d'), start('e', { tier: 0 })]
    expect(s.stats).toEqual({ running: 2, waiting: 3, refused: 0, dropped: 0 })
    for (const name of ['a', 'b', 'e', 'd', 'c']) await done(name)
    expect(started).toEqual(['a', 'b', 'e', 'd', 'c'])
    expect((await Promise.all(calls)).map((one) => one.ok && one.value)).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(s.stats).toMatchObject({ running: 0, waiting: 0 })
  })

  test('are refused, evicted, too late, or aborted: each an outcome, none of them started', async () => {
    const { clock, s, started, start, done } = make({ depth: 3 })
    const gone = new AbortController()
    const running = start('running')
    const evicted = start('evicted', { tier: 4 })
    const late = start('late', { startWithin: '1s' })
    const aborted = start('aborted', { signal: gone.signal })
    expect(await start('refused', { tier: 4 })).toMatchObject({ reason: 'full', code: 'HOMEOSTAT_FULL' })
    const last = start('last', { tier: 1 })
    expect(await evicted).toMatchObject({ reason: 'evicted', code: 'HOMEOSTAT_FULL' })
    gone.abort('gone')
    expect(await aborted).toMatchObject({ reason: 'aborted', error: 'gone' })
    clock.advance('2s')
    await done('running')
    await done('last')
    expect(await late).toMatchObject({ reason: 'deadline', code: 'HOMEOSTAT_DEADLINE' })
    expect([await running, await last]).toMatchObject([{ ok: true }, { ok: true }])
    expect(started).toEqual(['running', 'last'])
    expect(s.stats).toEqual({ running: 0, waiting: 0, refused: 1, dropped: 2 })
  })

  test('that throw leave their place; a timeout outside ends the wait', async () => {
    const { s, start, done } = make()
    expect(await s.try(boom)).toMatchObject({ reason: 'failed' })
    const first = start('first')
    const call = compose(timeout(5), s).try(() => 1)
    await vi.advanceTimersByTimeAsync(5)
    expect(await call).toMatchObject({ reason: 'timeout' })
    expect(s.stats).toMatchObject({ running: 1, waiting: 0 })
    await done('first')
    expect(await first).toMatchObject({ ok: true })
  })

  test('that wait are told when it closes', async () => {
    const { s, start, done } = make()
    const [running, waiting] = [start('running'), start('waiting')]
    s.close()
    expect(await waiting).toMatchObject({ reason: 'closed', code: 'HOMEOSTAT_CLOSED' })
    await done('running')
    expect(await running).toMatchObject({ ok: true })
  })
})

describe('concurrency', () => {
  test('of a limiter that others use up is asked for again', async () => {
    const shared = limiter(1)
    const { s, start, done } = make({ concurrency: shared })
    const permit = shared.tryAcquire()
    const call = start('a')
    expect(s.stats).toMatchObject({ running: 0, waiting: 1 })
    await vi.advanceTimersByTimeAsync(50)
    expect(s.stats).toMatchObject({ running: 0, waiting: 1 })
    shared.served(permit)
    await vi.advanceTimersByTimeAsync(10)
    await done('a')
    expect(await call).toMatchObject({ ok: true })
    expect(shared.inFlight).toBe(0)
  })

  test('finds itself by default', async () => {
    const s = scheduler()
    const work = deferred()
    const calls = Array.from({ length: 50 }, () => s.try(() => work.promise))
    expect(s.stats).toMatchObject({ running: 20, waiting: 30 })
    work.resolve()
    await vi.advanceTimersByTimeAsync(0)
    expect((await Promise.all(calls)).every((one) => one.ok)).toBe(true)
  })

  test.each([0, 1.5, 'many', { kind: 'clever' }, null])('%j is refused', (concurrency) => {
    expect(() => scheduler({ concurrency: concurrency as never })).toThrow(
      expect.objectContaining({ code: 'HOMEOSTAT_INVALID_OPTION' }),
    )
  })
})

describe('shedding', () => {
  test('turns away by tier what the capacity has no room for', async () => {
    const source = { capacity: 1 }
    const policy = shedder(source)
    const admitted = () => [0, 1, 2, 3, 4].filter((tier) => policy.admit(tier)).length
    const counts = [1, 0.7, 0.3, 0.1, Number.NaN].map((capacity) => {
      source.capacity = capacity
      return admitted()
    })
    expect(counts).toEqual([5, 4, 3, 2, 5])
    expect(policy.shed).toEqual([0, 0, 1, 2, 3])
    source.capacity = 0.3
    expect(await policy.try(boom, { tier: 3 })).toMatchObject({ reason: 'shed', code: 'HOMEOSTAT_SHED' })
    expect(await policy.try(() => 1)).toEqual({ ok: true, value: 1 })
    expect(() => shedder({} as never)).toThrow(expect.objectContaining({ code: 'HOMEOSTAT_INVALID_OPTION' }))
  })

  test('before a scheduler, by what waits there', async () => {
    const { s, start, done } = make({ depth: 10 })
    const heard: number[] = []
    s.on('capacity', ({ capacity }) => heard.push(capacity))
    const calls = Array.from({ length: 9 }, (_, i) => start(`${i}`))
    const guarded = compose(shedder(s), s)
    expect(await guarded.try(boom, { tier: 3 })).toMatchObject({ reason: 'shed' })
    expect(heard).toEqual([0.7, 0.3])
    for (let i = 0; i < 9; i++) await done(`${i}`)
    expect((await Promise.all(calls)).every((one) => one.ok)).toBe(true)
  })
})
