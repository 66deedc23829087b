/**
 * Nine defects of popular breakers, each alive somewhere: here is what ours does instead. `npm run bench -- reflex --defects` shows
 * which of them the rivals have.
 */
import { expect, test } from 'vitest'
import { type BreakerOptions, breaker, protect } from '../../ts/entries/resilience/node.js'
import { boom, deferred, fakeClock } from './support/clock.js'

const make = (options: BreakerOptions = {}) => {
  const clock = fakeClock(0)
  return { clock, circuit: breaker({ clock, jitter: 0, openFor: '1s', ...options }) }
}
const hang = () => deferred().promise

test('1. slow calls count while they are still in flight', () => {
  const { clock, circuit } = make({ slow: '100ms', slowRate: 0.5, minimumCalls: 10 })
  for (let i = 0; i < 10; i++) void circuit.try(hang)
  expect(circuit.state).toBe('closed')
  clock.advance('100ms')
  expect(circuit.state).toBe('open')
})

test('2. a hung half-open probe does not wedge the circuit', async () => {
  const { clock, circuit } = make({ consecutive: 1, probes: 1, lease: '10s', openForMax: '1s' })
  await circuit.try(boom)
  clock.advance('1s')
  void circuit.try(hang)
  expect(await circuit.try(() => 1)).toMatchObject({ reason: 'probing' })
  clock.advance('10s')
  expect(circuit.state).toBe('open')
  clock.advance('1s')
  expect(await circuit.try(() => 1)).toMatchObject({ ok: true })
  expect(circuit.state).toBe('closed')
})

test('3. a result of an earlier era neither closes nor opens it', async () => {
  const { clock, circuit } = make({ consecutive: 1, probes: 1 })
  const [well, badly] = [deferred(), deferred()]
  const early = [circuit.try(() => well.promise), circuit.try(() => badly.promise)]
  await circuit.try(boom)
  clock.advance('1s')
  expect(circuit.state).toBe('half-open')
  well.resolve()
  await early[0]
  expect(circuit.state).toBe('half-open')
  badly.reject(new Error('late'))
  await early[1]
  expect(circuit.state).toBe('half-open')
})

test('4. an idle hour empties the window', async () => {
  const { clock, circuit } = make({ window: '10s', minimumCalls: 5 })
  for (let i = 0; i < 4; i++) await circuit.try(boom)
  clock.advance('1h')
  await circuit.try(boom)
  expect(circuit.state).toBe('closed')
  expect(circuit.explain()).toMatchObject({ calls: 1, failures: 1 })
})

test('5. one failure does not open a fresh circuit', async () => {
  const f = protect('fresh', boom, { breaker: {} })
  await f.try()
  expect(f.policies.breaker?.state).toBe('closed')
})

test('6. what is refused for capacity is no failure', async () => {
  const work = deferred()
  const f = protect('busy', () => work.promise, { breaker: { minimumCalls: 1 }, bulkhead: 1, limit: 1 })
  const first = f.try()
  for (let i = 0; i < 50; i++) expect((await f.try()).ok).toBe(false)
  work.resolve()
  await first
  expect(f.policies.breaker).toMatchObject({ state: 'closed' })
  expect(f.policies.breaker?.explain()).toMatchObject({ calls: 1, failures: 0 })
})

test('7. a wall clock that steps back does not keep it open', async () => {
  const circuit = breaker({ consecutive: 1, probes: 1, openFor: '20ms', jitter: 0 })
  await circuit.try(boom)
  const now = Date.now
  try {
    Date.now = () => now() - 3_600_000
    await new Promise((resolve) => setTimeout(resolve, 40))
    expect(circuit.state).toBe('half-open')
  } finally {
    Date.now = now
  }
})

test('8. a failure costs the same at any window: what it keeps does not grow with the calls', async () => {
  // Time is measured by the bench; here, that a window of a million calls is filled and still right.
  const { circuit } = make({ window: { calls: 1_000_000 }, minimumCalls: 1_000_000, failureRate: 0.5 })
  for (let i = 0; i < 999_999; i++) {
    const permit = circuit.tryAcquire(2, i)
    if (i % 2 === 0) circuit.fail(permit, undefined, i)
    else circuit.succeed(permit, i)
  }
  expect(circuit.explain()).toMatchObject({ state: 'closed', calls: 999_999, failures: 500_000 })
  circuit.succeed(circuit.tryAcquire())
  expect(circuit.state).toBe('open')
})

test('9. times that go backwards are survived', async () => {
  const { clock, circuit } = make({ window: '10s', slow: '1s', consecutive: 3 })
  clock.set(60_000_000)
  const permit = circuit.tryAcquire()
  for (const us of [0, -5, Number.NaN, Number.NEGATIVE_INFINITY]) {
    clock.set(us)
    expect(circuit.state).toBe('closed')
  }
  expect(circuit.succeed(permit)).toBe(true)
  expect(circuit.explain()).toMatchObject({ calls: 1, slow: 0, failures: 0 })
  clock.set(61_000_000)
  await circuit.try(boom)
  expect(circuit.explain()).toMatchObject({ calls: 2, failures: 1 })
})
