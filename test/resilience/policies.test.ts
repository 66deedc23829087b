/** Policies that need no core: each alone, and around each other. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  abortable,
  bulkhead,
  compose,
  fallback,
  hedge,
  RetryBudget,
  retry,
  timeout,
} from '../../ts/entries/resilience/node.js'
import { boom, deferred } from './support/clock.js'

const failing = (times: number) => {
  let calls = 0
  return Object.assign(
    async () => {
      if (++calls <= times) throw new Error(`attempt ${calls}`)
      return calls
    },
    { calls: () => calls },
  )
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  expect(vi.getTimerCount(), 'timers left behind').toBe(0)
  vi.useRealTimers()
})

describe('timeout', () => {
  test('gives up, tells the work so, and ignores what it does then', async () => {
    const work = deferred()
    let heard: unknown
    const call = timeout('50ms').try(({ signal }) => {
      signal.addEventListener('abort', () => {
        heard = signal.reason
      })
      return work.promise
    })
    await vi.advanceTimersByTimeAsync(49)
    expect(heard).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1)
    expect(await call).toMatchObject({ ok: false, reason: 'timeout', code: 'HOMEOSTAT_TIMEOUT' })
    expect(heard).toMatchObject({ name: 'TimeoutError' })
    work.reject(new Error('nobody waits'))
  })

  test('throws an error with its code', async () => {
    const call = timeout(5).execute(() => deferred().promise)
    const refused = expect(call).rejects.toMatchObject({ name: 'TimeoutError', code: 'HOMEOSTAT_TIMEOUT' })
    await vi.advanceTimersByTimeAsync(5)
    await refused
  })

  test('what is in time, fails in time, or was aborted is no timeout', async () => {
    const policy = timeout('1s')
    expect(await policy.execute(() => 3)).toBe(3)
    expect(await policy.try(boom)).toMatchObject({
      reason: 'failed',
      error: expect.objectContaining({ message: 'boom' }),
    })
    const gone = new AbortController()
    const call = policy.try(() => deferred().promise, { signal: gone.signal })
    gone.abort('gone')
    expect(await call).toMatchObject({ reason: 'aborted', error: 'gone' })
  })

  test.each([0, -1, Number.NaN, 'soon', '30d', undefined])('%j is refused', (value) => {
    expect(() => timeout(value as never)).toThrow(expect.objectContaining({ code: 'HOMEOSTAT_INVALID_OPTION' }))
  })
})

describe('retry', () => {
  test('waits a random part of a wait that doubles, up to a most', async () => {
    const waits: number[] = []
    const real = globalThis.setTimeout
    const spy = vi.spyOn(globalThis, 'setTimeout').mockImplementation(((fn: () => void, ms: number) => {
      waits.push(ms)
      return real(fn, ms)
    }) as typeof setTimeout)
    const work = failing(4)
    const policy = retry({ attempts: 5, base: 100, max: 300, random: () => 0.5, budget: false })
    const call = policy.execute(work)
    await vi.advanceTimersByTimeAsync(1000)
    expect(await call).toBe(5)
    expect(waits).toEqual([50, 100, 150, 150])
    expect(policy.stats).toEqual({ retries: 4, unaffordable: 0 })
    spy.mockRestore()
  })

  test('ends after its attempts, with what the last one threw', async () => {
    const work = failing(9)
    const call = expect(retry({ base: 0 }).execute(work)).rejects.toThrow('attempt 3')
    await vi.runAllTimersAsync()
    await call
    expect(work.calls()).toBe(3)
  })

  test('never adds more load than its budget, which several may share', async () => {
    const budget = new RetryBudget({ ratio: 0.1, burst: 5 })
    const policies = [1, 2].map(() => retry({ base: 0, attempts: 4, budget }))
    let calls = 0
    for (let i = 0; i < 1000; i++) {
      const call = policies[i % 2]?.try(() => {
        calls++
        throw new Error('down')
      })
      await vi.runAllTimersAsync()
      await call
    }
    expect(calls).toBeGreaterThanOrEqual(1000 + 100)
    expect(calls).toBeLessThanOrEqual(1000 + 105)
    expect(policies[0]!.stats.unaffordable).toBeGreaterThan(400)
  })

  test('repeats no refusal and no abort; `when` and `delay` decide otherwise', async () => {
    let calls = 0
    const work = async () => {
      calls++
    }
    const held = bulkhead(1)
    const inside = deferred()
    const first = held.try(() => inside.promise)
    const call = compose(retry({ base: 0 }), held).try(work)
    expect(await call).toMatchObject({ reason: 'full', code: 'HOMEOSTAT_FULL' })
    inside.resolve()
    await first
    expect(calls).toBe(0)

    const seen: number[] = []
    const picky = retry({
      when: ({ error }, attempt) => {
        seen.push(attempt)
        return (error as Error).message !== 'attempt 2'
      },
      delay: () => 7,
    })
    const done = picky.try(failing(5))
    await vi.advanceTimersByTimeAsync(7)
    expect(await done).toMatchObject({ error: expect.objectContaining({ message: 'attempt 2' }) })
    expect(seen).toEqual([1, 2])
    expect(await retry({ when: boom }).try(failing(1))).toMatchObject({
      error: expect.objectContaining({ message: 'boom' }),
    })
  })

  test('an abort ends the wait', async () => {
    const gone = new AbortController()
    const work = failing(9)
    const call = retry({ base: '1h', max: '1h', random: () => 1 }).try(work, { signal: gone.signal })
    await vi.advanceTimersByTimeAsync(10)
    gone.abort('gone')
    expect(await call).toMatchObject({ reason: 'aborted', error: 'gone' })
    expect(work.calls()).toBe(1)
  })

  test('the work knows which attempt it is', async () => {
    const attempts: number[] = []
    const fn = retry({ base: 0 }).wrap(
      abortable(({ attempt }, fails: number) => {
        attempts.push(attempt)
        if (attempt <= fails) throw new Error('again')
        return attempt
      }),
    )
    const call = fn(2)
    await vi.runAllTimersAsync()
    expect(await call).toBe(3)
    expect(attempts).toEqual([1, 2, 3])
  })

  test.each([{ attempts: 0 }, { base: -1 }, { budget: true }, { budget: { ratio: 0 } }, { tries: 3 }, { when: 1 }])(
    '%j is refused',
    (options) => {
      expect(() => retry(options as never)).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/INVALID_OPTION|UNKNOWN_OPTION/) }),
      )
    },
  )
})

describe('bulkhead', () => {
  test('so many run, so many wait in order, the rest is refused', async () => {
    const policy = bulkhead({ concurrent: 2, queue: 2, name: 'db' })
    const work = Array.from({ length: 5 }, () => deferred<number>())
    const order: number[] = []
    const calls = work.map((one, i) =>
      policy.try(() => {
        order.push(i)
        return one.promise
      }),
    )
    expect(await calls[4]).toEqual({
      ok: false,
      reason: 'full',
      code: 'HOMEOSTAT_FULL',
      retryAfterMs: 0,
      error: undefined,
      by: 'db',
    })
    expect(policy.stats).toEqual({ running: 2, waiting: 2, refused: 1 })
    for (const i of [1, 0, 3, 2]) work[i]?.resolve(i)
    expect((await Promise.all(calls.slice(0, 4))).map((one) => one.ok && one.value)).toEqual([0, 1, 2, 3])
    expect(order).toEqual([0, 1, 2, 3])
    expect(policy.stats).toEqual({ running: 0, waiting: 0, refused: 1 })
  })

  test('who waits may go, or have waited for too long; nothing leaks', async () => {
    const policy = bulkhead({ concurrent: 1, queue: 5, wait: '10ms' })
    const work = deferred()
    const gone = new AbortController()
    const first = policy.try(() => work.promise)
    const [leaves, waits] = [policy.try(boom, { signal: gone.signal }), policy.try(boom)]
    gone.abort()
    expect(await leaves).toMatchObject({ reason: 'aborted' })
    await vi.advanceTimersByTimeAsync(10)
    expect(await waits).toMatchObject({ reason: 'waited', code: 'HOMEOSTAT_FULL' })
    const next = policy.try(() => 5)
    work.resolve()
    expect([await first, await next]).toEqual([
      { ok: true, value: undefined },
      { ok: true, value: 5 },
    ])
    expect(policy.stats).toMatchObject({ running: 0, waiting: 0 })
  })

  test('work that throws leaves its place', async () => {
    const policy = bulkhead(1)
    for (let i = 0; i < 3; i++) expect(await policy.try(boom)).toMatchObject({ reason: 'failed' })
    expect(policy.stats).toEqual({ running: 0, waiting: 0, refused: 0 })
  })
})

describe('hedge', () => {
  test('a second attempt answers for a slow one, which is told to stop', async () => {
    const policy = hedge({ after: 20 })
    const signals: AbortSignal[] = []
    const work = [deferred<string>(), deferred<string>()]
    const call = policy.execute(({ signal }) => work[signals.push(signal) - 1]!.promise)
    await vi.advanceTimersByTimeAsync(20)
    expect(signals).toHaveLength(2)
    work[1]?.resolve('second')
    expect(await call).toBe('second')
    expect(signals.map((signal) => signal.aborted)).toEqual([true, false])
    expect(policy.stats).toEqual({ hedges: 1, won: 1 })
  })

  test('a fast failure is the answer, a failure among others is not', async () => {
    const policy = hedge({ after: 20, attempts: 3 })
    expect(await policy.try(boom)).toMatchObject({ reason: 'failed' })
    const work = [deferred<number>(), deferred<number>()]
    let calls = 0
    const call = policy.try(() => work[calls++]!.promise)
    await vi.advanceTimersByTimeAsync(20)
    work[1]?.reject(new Error('bad'))
    await vi.advanceTimersByTimeAsync(1)
    work[0]?.resolve(4)
    expect(await call).toEqual({ ok: true, value: 4 })
    expect(calls).toBe(2)
    expect(policy.stats).toEqual({ hedges: 1, won: 0 })
  })

  test('an abort ends all attempts', async () => {
    const gone = new AbortController()
    const signals: AbortSignal[] = []
    const call = hedge({ after: 1 }).try(
      ({ signal }) => {
        signals.push(signal)
        return deferred().promise
      },
      {
        signal: gone.signal,
      },
    )
    await vi.advanceTimersByTimeAsync(1)
    gone.abort()
    expect(await call).toMatchObject({ reason: 'aborted' })
    expect(signals.map((signal) => signal.aborted)).toEqual([true, true])
  })
})

describe('fallback', () => {
  test('stands in for failures, but not for what the caller aborted', async () => {
    const policy = fallback(({ reason }) => `no: ${reason}`)
    expect(await policy.execute<string>(boom)).toBe('no: failed')
    expect(await policy.execute(() => 'yes')).toBe('yes')
    expect(await policy.try(() => 1, { signal: AbortSignal.abort() })).toMatchObject({ reason: 'aborted' })
    expect(await fallback(boom).try(() => Promise.reject(new Error('first')))).toMatchObject({
      error: { message: 'boom' },
    })
    expect(await fallback(() => 1, { when: () => false }).try(boom)).toMatchObject({ ok: false })
  })
})

describe('compose', () => {
  test('the first one is outermost', async () => {
    let calls = 0
    const each = compose(retry({ base: 0, attempts: 3 }), timeout(10))
    const whole = compose(timeout(10), retry({ base: 0, attempts: 3 }))
    for (const [policy, wanted] of [
      [each, 3],
      [whole, 1],
    ] as const) {
      calls = 0
      const call = policy.try(() => {
        calls++
        return deferred().promise
      })
      await vi.advanceTimersByTimeAsync(100)
      expect(await call).toMatchObject({ reason: 'timeout' })
      expect(calls).toBe(wanted)
    }
    expect(() => compose(retry(), {} as never)).toThrow(expect.objectContaining({ code: 'HOMEOSTAT_INVALID_OPTION' }))
  })
})

describe('a call', () => {
  test.each([
    [{ signal: {} }, 'signal'],
    [{ tier: 5 }, 'tier'],
    [{ tier: 0.5 }, 'tier'],
    [{ request: -1 }, 'request'],
  ])('with %j is refused', (options, option) => {
    expect(() => timeout(5).try(() => 1, options as never)).toThrow(expect.objectContaining({ option }))
  })
})
