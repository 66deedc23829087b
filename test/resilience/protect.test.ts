import { describe, expect, expectTypeOf, test } from 'vitest'
import {
  abortable,
  type Outcome,
  type ProtectOptions,
  protect,
  RefusedError,
  reflex,
} from '../../ts/entries/resilience/node.js'
import { boom, deferred, fakeClock } from './support/clock.js'

interface Order {
  readonly id: number
}
const callPayments = async (order: Order, note?: string): Promise<string> => `${order.id}${note ?? ''}`

test('types come from the function', async () => {
  const charge = protect('payments', callPayments, { breaker: {}, timeout: '2s' })
  expectTypeOf(charge).parameters.toEqualTypeOf<[order: Order, note?: string | undefined]>()
  expectTypeOf(charge).returns.toEqualTypeOf<Promise<string>>()
  expectTypeOf(charge.try).returns.toEqualTypeOf<Promise<Outcome<string>>>()
  expectTypeOf(protect('sync', (n: number) => n > 1)).returns.toEqualTypeOf<Promise<boolean>>()
  const fetching = protect(
    'f',
    abortable(async ({ signal }, url: string) => `${url}${signal.aborted}`),
  )
  expectTypeOf(fetching).parameters.toEqualTypeOf<[string]>()
  // @ts-expect-error an order is no number
  void charge.try(5)
  // @ts-expect-error a fallback gives what the function gives
  protect('f', callPayments, { fallback: () => 5 })
  expect(await charge({ id: 4 }, '!')).toBe('4!')
  expect(await charge.try({ id: 4 })).toEqual({ ok: true, value: '4' })
  expect(await fetching('x')).toBe('xfalse')
})

describe('an outcome or an error', () => {
  test('for what the function throws, and for what is refused', async () => {
    const f = protect('f', boom, { breaker: { consecutive: 1, failureRate: false, probes: 1 } })
    await expect(f()).rejects.toThrow('boom')
    expect(await f.try()).toMatchObject({ ok: false, reason: 'open', code: 'HOMEOSTAT_OPEN', by: 'f' })
    const refused = await f().catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(RefusedError)
    expect(refused).toMatchObject({ name: 'OpenCircuitError', code: 'HOMEOSTAT_OPEN' })
    expect((refused as RefusedError).retryAfterMs).toBeGreaterThan(0)
  })

  test('alone it adds nothing', async () => {
    expect(await protect('f', () => 1)()).toBe(1)
    await expect(protect('f', boom)()).rejects.toThrow('boom')
  })
})

describe('the order of policies', () => {
  test('every attempt asks the breaker; a refusal ends the retries', async () => {
    const f = protect('f', boom, {
      breaker: { consecutive: 2, failureRate: false },
      retry: { attempts: 5, base: 0, budget: false },
    })
    expect(await f.try()).toMatchObject({ reason: 'open' })
    expect(f.policies.breaker?.state).toBe('open')
    expect(f.policies.retry?.stats.retries).toBe(2)
  })

  test('what is refused for capacity is no failure', async () => {
    const work = deferred()
    const f = protect('f', () => work.promise, { breaker: { consecutive: 1, failureRate: false }, bulkhead: 1 })
    const first = f.try()
    expect(await f.try()).toMatchObject({ reason: 'full', by: 'f' })
    expect(f.policies.breaker?.state).toBe('closed')
    work.resolve()
    expect(await first).toMatchObject({ ok: true })
  })

  test('a timeout is one, of each attempt; the deadline is of all', async () => {
    let calls = 0
    const hang = () => {
      calls++
      return deferred<number>().promise
    }
    const each = protect('f', hang, { timeout: 5, retry: { attempts: 3, base: 0, budget: false }, breaker: {} })
    expect(await each.try()).toMatchObject({ reason: 'timeout' })
    expect(calls).toBe(3)
    expect((each.policies.breaker as { explain(): { failures: number } }).explain().failures).toBe(3)
    const all = protect('f', hang, {
      deadline: 50,
      retry: { attempts: 3, base: 0 },
      fallback: ({ reason }) => reason.length,
    })
    expect(await all()).toBe('timeout'.length)
    expect(calls).toBe(4)
  })

  test('a hedge is an attempt of its own', async () => {
    const work = [deferred<number>(), deferred<number>()]
    let calls = 0
    const f = protect('f', () => work[calls++]!.promise, { hedge: { after: 1 }, bulkhead: 2 })
    const call = f()
    while (calls < 2) await new Promise((resolve) => setTimeout(resolve, 1))
    expect(f.policies.bulkhead?.stats.running).toBe(2)
    work[1]?.resolve(2)
    expect(await call).toBe(2)
    await new Promise((resolve) => setTimeout(resolve))
    expect(f.policies.bulkhead?.stats.running).toBe(0)
  })
})

describe('signals', () => {
  test('in and out, and a function that does not look at them is left to itself', async () => {
    const gone = new AbortController()
    const heard: AbortSignal[] = []
    const looks = protect(
      'f',
      abortable(({ signal }, n: number) => {
        heard.push(signal)
        return n > 0 ? deferred<number>().promise : n
      }),
      { breaker: {} },
    )
    const blind = protect('g', () => deferred().promise, { breaker: {} })
    const calls = [looks.with({ signal: gone.signal }).try(1), blind.with({ signal: gone.signal }).try()]
    await Promise.resolve()
    gone.abort(new Error('enough'))
    for (const call of calls) expect(await call).toMatchObject({ reason: 'aborted', code: 'HOMEOSTAT_ABORTED' })
    expect(heard[0]?.aborted).toBe(true)
    await expect(blind.with({ signal: gone.signal })()).rejects.toMatchObject({
      name: 'AbortError',
      cause: { message: 'enough' },
    })
    for (const f of [looks, blind]) expect(f.policies.breaker).toMatchObject({ state: 'closed', inFlight: 0 })
  })
})

describe('in a reflex', () => {
  test('its breaker is a component, told of who calls it, and sheds by tier', async () => {
    const clock = fakeClock(1)
    await using r = reflex({ clock, tick: 'manual' })
    const f = protect('payments', callPayments, { reflex: r, caller: 'shop', breaker: { openFor: '7s', jitter: 0 } })
    expect(await f({ id: 1 })).toBe('1')
    expect(r.health()).toMatchObject({ components: 2, events: 1, inFlight: 0 })
    expect(r.component('shop').explain()).toMatchObject({ callsTo: ['payments'] })
    f.policies.breaker?.open()
    expect(await f.try({ id: 1 })).toMatchObject({ reason: 'open', retryAfterMs: 7000, by: 'payments' })
    expect(r.health()).toMatchObject({ state: 'degraded', openBreakers: 1 })
  })
})

test.each<[string, object]>([
  ['HOMEOSTAT_UNKNOWN_OPTION', { braker: {} }],
  ['HOMEOSTAT_UNKNOWN_OPTION', { breaker: { name: 'x' } }],
  ['HOMEOSTAT_INVALID_OPTION', { breaker: { failureRate: 2 } }],
  ['HOMEOSTAT_INVALID_OPTION', { timeout: 'soon' }],
  ['HOMEOSTAT_INVALID_OPTION', { reflex: {} }],
  ['HOMEOSTAT_INVALID_OPTION', { caller: 'x' }],
  ['HOMEOSTAT_INVALID_OPTION', { limit: 'clever' }],
  ['HOMEOSTAT_INVALID_OPTION', { bulkhead: 0 }],
])('%s for %j', (code, options) => {
  expect(() => protect('f', callPayments, options as ProtectOptions<string>)).toThrow(expect.objectContaining({ code }))
})

test('a name is 1 to 128 bytes', () => {
  for (const name of ['', 'ä'.repeat(65), 5])
    expect(() => protect(name as string, callPayments)).toThrow(
      expect.objectContaining({ code: 'HOMEOSTAT_INVALID_NAME' }),
    )
})
