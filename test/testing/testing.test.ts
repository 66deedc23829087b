/** Plants against what follows from their definitions, and assertions that do fail. */
import { expect, test } from 'vitest'
import { homeostat, knob, signal } from '../../ts/entries/node.js'
import {
  assertHealthy,
  assertSettled,
  assertWithinBounds,
  cachePlant,
  drive,
  fakeClock,
  poolPlant,
  quadraticPlant,
  record,
  seededRandom,
} from '../../ts/testing/index.js'

test('the cache is what a simulation of it is', () => {
  const [reads, writes, ttl] = [3, 0.2, 4]
  const random = seededRandom(1)
  const next = (rate: number) => -Math.log(1 - random.uniform()) / rate
  let [now, fetched, changed, misses, stale] = [0, -Number.MAX_VALUE, next(writes), 0, 0]
  let dirty = false
  const n = 200_000
  for (let i = 0; i < n; i++) {
    now += next(reads)
    while (changed <= now) {
      dirty = true
      changed += next(writes)
    }
    if (now - fetched > ttl) {
      misses++
      fetched = now
      dirty = false
    } else if (dirty) stale++
  }
  const plant = cachePlant({ readsPerSecond: reads, writesPerSecond: writes }).at(ttl * 1000)
  expect(plant.miss).toBeCloseTo(misses / n, 2)
  expect(plant.stale).toBeCloseTo(stale / n, 2)
})

test('the pool is an M/M/c queue: the textbook’s figures, and no end where it does not keep up', () => {
  const pool = poolPlant({ arrivalsPerSecond: 8, serviceMs: 100, contention: 100 })
  // M/M/1: service / (1 - load). M/M/2 at load 0.8: service / (1 - 0.4²).
  expect(pool.latencyMs(1)).toBeCloseTo(500, 9)
  expect(pool.latencyMs(2)).toBeCloseTo(100 / (1 - 0.16), 9)
  expect(poolPlant({ arrivalsPerSecond: 30, serviceMs: 100, contention: 100 }).latencyMs(3)).toBe(
    Number.POSITIVE_INFINITY,
  )
  const contended = poolPlant({ arrivalsPerSecond: 30, serviceMs: 100, contention: 6 })
  expect(contended.latencyMs(6)).toBeLessThan(contended.latencyMs(4))
  expect(contended.latencyMs(6)).toBeLessThan(contended.latencyMs(24))
  expect(() => poolPlant({ arrivalsPerSecond: 0, serviceMs: 1, contention: 1 })).toThrow(/arrivalsPerSecond must be/)
})

test('the bowl is 0 at its bottom, and its noise the same for the same seed', () => {
  const options = { optimum: { a: 3, b: 5 }, scale: { a: 1, b: 2 }, noise: 0.5, seed: 4 }
  const [one, two] = [quadraticPlant(options), quadraticPlant(options)]
  expect(one.cost({ a: 3, b: 5 })).toBe(0)
  expect(one.cost({ a: 4, b: 1 })).toBe(5)
  const readings = Array.from({ length: 50 }, () => one.read({ a: 3, b: 5 }))
  expect(readings).toEqual(Array.from({ length: 50 }, () => two.read({ a: 3, b: 5 })))
  expect(new Set(readings).size).toBe(50)
  expect(() => quadraticPlant({ optimum: { a: 1 }, scale: {} })).toThrow(/scale\.a must be/)
})

async function tuned(minutes: number, minimize?: () => number) {
  const clock = fakeClock()
  const bowl = quadraticPlant({ optimum: { size: 20 }, scale: { size: 20 }, noise: 0.02 })
  const tuner = await homeostat({
    name: 'bowl',
    clock,
    tick: 'manual',
    controlSignal: false,
    seed: 3,
    mode: 'auto',
    guardrails: 'aggressive',
    knobs: { size: knob.number({ min: 1, max: 100, initial: 40, scale: 'log', lag: 0 }) },
    signals: { cost: signal.gauge() },
    minimize: minimize ?? ((m) => 1 + m.cost),
  })
  const recording = record(tuner)
  drive(tuner, clock, { ticks: minutes * 1200 }, ({ knobs, signals }) => signals.cost(bowl.read(knobs)))
  return { tuner, recording }
}

test('a tuner on a plant settles, within bounds and in good health', async () => {
  const { tuner, recording } = await tuned(10)
  expect(recording.of('applied').length).toBeGreaterThan(5)
  expect(recording.values[0]).toEqual({ size: 40 })
  expect(recording.values.length).toBeGreaterThan(5)
  assertWithinBounds(tuner, recording)
  await assertHealthy(tuner)
  await assertSettled(tuner, 'size', { near: 20, within: 0.35 })
  await expect(assertSettled(tuner, 'size', { near: 80, within: 0.1 })).rejects.toThrow(/size stands at .*10 % of 80/)
  await expect(assertSettled(tuner, 'sise', { near: 80, within: 0.1 })).rejects.toMatchObject({
    code: 'HOMEOSTAT_UNKNOWN_KNOB',
  })
  const count = recording.events.length
  recording.stop()
  tuner.freeze()
  expect(recording.events).toHaveLength(count)
  await tuner.close()
})

test('what is not healthy, and what is out of bounds, is said', async () => {
  const { tuner, recording } = await tuned(0.05, () => Number.NaN)
  await expect(assertHealthy(tuner)).rejects.toThrow(/objectiveErrors: \d/)
  tuner.enterSafeMode()
  await expect(assertHealthy(tuner)).rejects.toThrow(/SafeMode since/)
  expect(() => assertWithinBounds(tuner, { ...recording, values: [{ size: 101 }] })).toThrow(
    'size was 101 in generation 0 of the recording, outside 1 to 100',
  )
  await tuner.close()
})
