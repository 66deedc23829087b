import { expect, test } from 'vitest'
import { homeostat, knob, signal } from '../../ts/entries/node.js'
import { shadow } from '../../ts/shadow/index.js'
import { fakeClock } from '../../ts/testing/index.js'
import { traffic } from '../support/traffic.js'
import { TtlOracle } from '../support/ttl-oracle.js'

const SECONDS = 240

/** A cache over seeded traffic whose TTL the tuner sets; returns the TTL over time. */
async function run(updates: number, mode: 'auto' | 'recommend') {
  const clock = fakeClock()
  const ghost = shadow.cacheTtl({ sample: 1 / 4 })
  const tuner = await homeostat({
    name: 'cache',
    seed: 5,
    clock,
    tick: 'manual',
    mode,
    knobs: { ttl: knob.duration({ min: '1s', max: '60s', initial: '15s', scale: 'log', shadow: ghost }) },
    signals: { miss: signal.ratio(), stale: signal.ratio() },
    minimize: (m) => 10 * m.miss + 20 * m.stale,
  })
  const load = { rows: 5000, zipf: 1.1, reads: 300, updates }
  const versions = new Int32Array(load.rows)
  const real = new Map<number, { at: number; version: number }>()
  const recommended: number[] = []
  tuner.on('recommended', (event) => recommended.push(event.payload.value as number))
  const after: number[] = []
  let nextTick = 0.05
  for (const { at, key, update } of traffic(load, SECONDS, 21)) {
    while (nextTick <= at) {
      clock.set(Math.round(nextTick * 1e6))
      tuner.tick()
      if (nextTick > SECONDS / 2) after.push(tuner.knobs.ttl)
      nextTick += 0.05
    }
    clock.set(Math.round(at * 1e6))
    const version = versions[key] as number
    if (update) {
      versions[key] = version + 1
      continue
    }
    ghost.onRead(key)
    const entry = real.get(key)
    const hit = entry !== undefined && (at - entry.at) * 1000 <= tuner.knobs.ttl
    tuner.signals.miss(!hit)
    tuner.signals.stale(hit && entry.version !== version)
    if (hit) continue
    real.set(key, { at, version })
    ghost.onVersion(key, version)
  }
  const explained = await tuner.explain()
  await tuner.close()
  return { load, after, recommended, explained }
}

/** The true cost of a fixed TTL on traffic of this kind: the mean over other seeds, as updates of hot rows are few and chance. */
function cost(load: Parameters<typeof traffic>[0], ttlMs: number): number {
  const seeds = [31, 32, 33, 34]
  return seeds.reduce((sum, seed) => sum + costOf(load, ttlMs, seed), 0) / seeds.length
}

function costOf(load: Parameters<typeof traffic>[0], ttlMs: number, seed: number): number {
  const oracle = new TtlOracle(ttlMs / 1000)
  const versions = new Int32Array(load.rows)
  for (const { at, key, update } of traffic(load, SECONDS, seed)) {
    const version = versions[key] as number
    if (update) versions[key] = version + 1
    else oracle.read(key, version, at, at > SECONDS / 2)
  }
  return (10 * oracle.misses + 20 * oracle.stale) / oracle.reads
}

test.each([
  [0.05, 15],
  [4, 5],
  [30, 5],
])('at %f updates per second the TTL ends within %i % of the best fixed one’s cost', async (updates, percent) => {
  const { load, after } = await run(updates, 'auto')
  const best = Math.min(...[1000, 1500, 2500, 4000, 7000, 12_000, 20_000, 35_000, 60_000].map((ttl) => cost(load, ttl)))
  const median = after.sort((a, b) => a - b)[after.length >> 1] as number
  expect(cost(load, median) / best, `median TTL ${median} ms`).toBeLessThan(1 + percent / 100)
  if (updates > 1) expect(cost(load, median)).toBeLessThan(cost(load, 15_000))
})

test('recommend says where the TTL should be and leaves it', async () => {
  const { after, recommended, explained } = await run(30, 'recommend')
  expect(new Set(after)).toEqual(new Set([15_000]))
  expect(recommended.length).toBeGreaterThan(0)
  expect(recommended.at(-1)).toBeLessThan(7000)
  expect(explained.knobs[0]?.shadow?.values).toHaveLength(13)
  expect(explained.knobs[0]?.shadow?.target).toBeLessThan(7000)
})
