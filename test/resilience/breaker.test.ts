import { describe, expect, test } from 'vitest'
import { abortable, breaker, type SoloBreakerOptions } from '../../ts/entries/resilience/node.js'
import { boom, deferred, fakeClock } from './support/clock.js'

/** Opens at the third failure, for 1 ms, without chance. */
const strict = { consecutive: 3, failureRate: false, openFor: 1, jitter: 0, probes: 1 } as const
const make = (options: SoloBreakerOptions = {}) => {
  const clock = fakeClock(0)
  return { clock, circuit: breaker({ ...strict, clock, ...options }) }
}

test('the reference: threshold 3, timeout 1000 us', () => {
  const { clock, circuit } = make()
  for (const [at, state] of [
    [0, 'closed'],
    [1, 'closed'],
    [2, 'open'],
  ] as const) {
    clock.set(at)
    circuit.fail(circuit.tryAcquire())
    clock.set(at + (state === 'open' ? 1 : 0))
    expect(circuit.state).toBe(state)
  }
  clock.set(1004)
  expect(circuit.state).toBe('half-open')
})

describe('calls', () => {
  test('pass while it is closed, with their values and errors', async () => {
    const { circuit } = make()
    expect(await circuit.execute(() => 7)).toBe(7)
    await expect(circuit.execute(boom)).rejects.toThrow('boom')
    expect(await circuit.try(boom)).toMatchObject({ ok: false, reason: 'failed', code: 'HOMEOSTAT_FAILED' })
    expect(circuit.explain()).toMatchObject({ calls: 3, failures: 2, inFlight: 0 })
  })

  test('are refused while it is open: an outcome, or an error with its code', async () => {
    const { clock, circuit } = make({ openFor: '2s', name: 'payments' })
    for (let i = 0; i < 3; i++) await circuit.try(boom)
    clock.advance('0.5s')
    expect(await circuit.try(() => 1)).toEqual({
      ok: false,
      reason: 'open',
      code: 'HOMEOSTAT_OPEN',
      retryAfterMs: 1500,
      error: undefined,
      by: 'payments',
    })
    const refused = circuit.execute(() => 1)
    await expect(refused).rejects.toMatchObject({
      name: 'OpenCircuitError',
      code: 'HOMEOSTAT_OPEN',
      retryAfterMs: 1500,
    })
    await expect(refused).rejects.toThrow('payments: the circuit is open; try again in 1500 ms')
  })

  test('keep their parameters, their result and their `this`', async () => {
    const { circuit } = make()
    class Shop {
      readonly tax = 2
      readonly price = circuit.wrap(function (this: Shop, net: number, _currency?: string) {
        return net * this.tax
      })
    }
    expect(await new Shop().price(21)).toBe(42)
    const shop = new Shop()
    expect(await shop.price.try.call(shop, 21, 'EUR')).toEqual({ ok: true, value: 42 })
  })
})

describe('what counts', () => {
  test('is for the application to say: an answer, nothing at all, a value that is none', async () => {
    const { circuit } = make({
      isFailure: (error) =>
        (error as Error).message === 'not found' ? false : (error as Error).message !== 'mine' || 'ignore',
      isFailureResult: (value: number) => value < 0,
    })
    const fail = (text: string) => () => Promise.reject(new Error(text))
    await circuit.try(fail('not found'))
    await circuit.try(fail('mine'))
    await circuit.try(() => -1)
    await circuit.try(fail('down'))
    expect(circuit.explain()).toMatchObject({ calls: 3, failures: 2, inFlight: 0 })
  })

  test('a judge that throws keeps no permit', async () => {
    const { circuit } = make({ isFailure: boom })
    await circuit.try(boom)
    expect(circuit.explain()).toMatchObject({ failures: 1, inFlight: 0 })
  })

  test('a caller that went away says nothing, one whose patience is over does', async () => {
    const { circuit } = make()
    const gone = new AbortController()
    const call = circuit.try(() => deferred().promise, { signal: gone.signal })
    gone.abort()
    expect(await call).toMatchObject({ reason: 'aborted', code: 'HOMEOSTAT_ABORTED' })
    expect(circuit.explain()).toMatchObject({ calls: 0, inFlight: 0 })
    expect(await circuit.try(() => deferred().promise, { signal: AbortSignal.timeout(5) })).toMatchObject({
      reason: 'aborted',
    })
    expect(circuit.explain()).toMatchObject({ failures: 1, inFlight: 0 })
  })
})

describe('abort', () => {
  test('before: nothing is called, no permit is taken', async () => {
    const { circuit } = make()
    let calls = 0
    const signal = AbortSignal.abort('no')
    expect(await circuit.try(() => calls++, { signal })).toMatchObject({ reason: 'aborted', error: 'no' })
    await expect(circuit.execute(() => calls++, { signal })).rejects.toMatchObject({ name: 'AbortError', cause: 'no' })
    expect([calls, circuit.inFlight]).toEqual([0, 0])
  })

  test('during: the work hears of it, and what it does later is ignored', async () => {
    const { circuit } = make()
    const controller = new AbortController()
    const work = deferred<number>()
    let heard: AbortSignal | undefined
    const fn = circuit.wrap(
      abortable(({ signal }, _n: number) => {
        heard = signal
        return work.promise
      }),
    )
    const call = fn.with({ signal: controller.signal }).try(1)
    await Promise.resolve()
    controller.abort(new Error('enough'))
    expect(await call).toMatchObject({ reason: 'aborted' })
    expect(heard?.aborted).toBe(true)
    work.reject(new Error('too late to matter'))
    expect(circuit.explain()).toMatchObject({ calls: 0, inFlight: 0 })
  })

  test('after: nothing, and nothing stays behind on the signal', async () => {
    const { circuit } = make()
    const controller = new AbortController()
    const { signal } = controller
    let listeners = 0
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)]
    signal.addEventListener = ((...args: Parameters<typeof add>) => {
      listeners++
      add(...args)
    }) as typeof add
    signal.removeEventListener = ((...args: Parameters<typeof add>) => {
      listeners--
      remove(...args)
    }) as typeof remove
    for (let i = 0; i < 5; i++) await circuit.try(async ({ signal }) => signal.aborted, { signal })
    expect(listeners).toBe(0)
    controller.abort()
    expect(circuit.explain()).toMatchObject({ calls: 5, failures: 0 })
  })
})

test('a signal that many calls share carries one listener, and every call hears', async () => {
  const { circuit } = make()
  const shared = new AbortController()
  const add = shared.signal.addEventListener.bind(shared.signal)
  let added = 0
  shared.signal.addEventListener = ((...args: Parameters<typeof add>) => {
    added++
    add(...args)
  }) as typeof add
  const calls = Array.from({ length: 100 }, () => circuit.try(() => deferred().promise, { signal: shared.signal }))
  await circuit.try(() => 1, { signal: shared.signal })
  shared.abort('stop')
  for (const outcome of await Promise.all(calls)) expect(outcome).toMatchObject({ reason: 'aborted', error: 'stop' })
  expect([added, circuit.inFlight]).toEqual([1, 0])
})

describe('permits', () => {
  test('are given back once', () => {
    const { circuit } = make()
    const permit = circuit.tryAcquire()
    expect([circuit.fail(permit), circuit.fail(permit), circuit.succeed(permit)]).toEqual([true, false, false])
    for (const nonsense of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])
      expect(circuit.fail(nonsense)).toBe(false)
    expect(circuit.explain()).toMatchObject({ calls: 1, failures: 1 })
  })

  test('of a call that never ends come back by themselves', () => {
    const { clock, circuit } = make({ lease: '10s' })
    const lost = circuit.tryAcquire()
    clock.advance('10s')
    expect(circuit.state).toBe('closed')
    expect(circuit.explain()).toMatchObject({ inFlight: 0, expired: 1, failures: 1 })
    expect(circuit.succeed(lost)).toBe(false)
  })
})

describe('operators and listeners', () => {
  test('say and hear', () => {
    const { clock, circuit } = make({ name: 'db' })
    const heard: string[] = []
    circuit.on('change', boom)
    circuit.on('change', () => Promise.reject(new Error('later')))
    const off = circuit.on('change', ({ name, from, to, cause }) => heard.push(`${name} ${from} ${to} ${cause}`))
    circuit.forceOpen()
    expect([circuit.state, circuit.tryAcquire(), circuit.retryAfterMs]).toEqual([
      'forced-open',
      -3,
      Number.POSITIVE_INFINITY,
    ])
    circuit.disable()
    for (let i = 0; i < 9; i++) circuit.fail(circuit.tryAcquire())
    expect(circuit.state).toBe('disabled')
    circuit.auto()
    circuit.open()
    expect(circuit.state).toBe('open')
    clock.advance(2)
    circuit.succeed(circuit.tryAcquire())
    expect(circuit.state).toBe('closed')
    off()
    circuit.open()
    expect(heard).toEqual([
      'db closed forced-open operator',
      'db closed disabled operator',
      'db closed closed operator',
      'db closed open operator',
      'db open half-open rested',
      'db half-open closed recovered',
    ])
    expect(circuit.listenerErrors).toBeGreaterThanOrEqual(7)
  })
})

test.each([
  [{ failureRate: 0 }, 'HOMEOSTAT_INVALID_OPTION', 'breaker.failureRate'],
  [{ window: { calls: 0 } }, 'HOMEOSTAT_INVALID_OPTION', 'breaker.window.calls'],
  [{ openFor: 'soon' }, 'HOMEOSTAT_INVALID_OPTION', 'breaker.openFor'],
  [{ treshold: 3 }, 'HOMEOSTAT_UNKNOWN_OPTION', 'breaker.treshold'],
  [{ isFailure: 1 }, 'HOMEOSTAT_INVALID_OPTION', 'breaker.isFailure'],
  [{ name: '' }, 'HOMEOSTAT_INVALID_NAME', 'breaker.name'],
])('%j is refused', (options, code, option) => {
  expect(() => breaker(options as never)).toThrow(expect.objectContaining({ code, option }))
})
