import { describe, expect, test } from 'vitest'
import { shadow } from '../../ts/shadow/index.js'
import { type Traffic, traffic } from '../support/traffic.js'
import { TtlOracle } from '../support/ttl-oracle.js'

interface Case extends Traffic {
  readonly name: string
  readonly realTtl: number
  readonly sample: number
}

const CASES: Case[] = [
  { name: 'peak, all keys', rows: 20_000, zipf: 1.1, reads: 300, updates: 4, realTtl: 15, sample: 1 },
  { name: 'peak, one key in eight', rows: 20_000, zipf: 1.1, reads: 300, updates: 4, realTtl: 15, sample: 1 / 8 },
  {
    name: 'price changes, one key in eight',
    rows: 20_000,
    zipf: 1.1,
    reads: 250,
    updates: 30,
    realTtl: 5,
    sample: 1 / 8,
  },
  { name: 'quiet, short real TTL', rows: 20_000, zipf: 1.1, reads: 120, updates: 0.5, realTtl: 2, sample: 1 / 4 },
]

/** Runs the ghost beside a real cache of `realTtl`, and the oracle at each candidate; rates over the last half. */
function compare(c: Case, seed: number) {
  const seconds = 240
  let now = 0
  const recipe = shadow.cacheTtl({
    replaces: { miss: 'miss', stale: 'stale', loads: 'loads' },
    sample: c.sample,
    smoothing: '40s',
  })
  const source = recipe.bind({ min: 1000, max: 60_000, scale: 'log', nowUs: () => now * 1e6 })
  const oracles = Array.from(source.values, (ms) => new TtlOracle(ms / 1000))
  const real = new TtlOracle(c.realTtl)
  const versions = new Int32Array(c.rows)
  const out = new Float64Array(source.values.length * 3)
  const sums = new Float64Array(out.length)
  let windows = 0
  let nextWindow = 0.25
  for (const event of traffic(c, seconds, seed)) {
    now = event.at
    while (nextWindow <= now) {
      if (source.collect(nextWindow * 1e6, out) && nextWindow > seconds / 2) {
        windows++
        for (let i = 0; i < out.length; i++) sums[i] = (sums[i] as number) + (out[i] as number)
      }
      nextWindow += 0.25
    }
    if (event.update) {
      versions[event.key] = (versions[event.key] as number) + 1
      continue
    }
    const version = versions[event.key] as number
    const key = `product:${event.key}`
    for (const oracle of oracles) oracle.read(event.key, version, event.at, event.at > seconds / 2)
    recipe.onRead(key)
    if (real.read(event.key, version, event.at)) recipe.onVersion(key, version)
  }
  return oracles.map((oracle, i) => ({
    ttl: Math.round(source.values[i] as number),
    miss: [(sums[i * 3] as number) / windows, oracle.misses / oracle.reads] as const,
    stale: [(sums[i * 3 + 1] as number) / windows, oracle.stale / oracle.reads] as const,
    loads: [(sums[i * 3 + 2] as number) / windows, oracle.misses / (seconds / 2)] as const,
  }))
}

/** Largest absolute errors of the estimates, as shares of all reads. */
const MISS_TOLERANCE = 0.012
const STALE_TOLERANCE = 0.04

describe('shadow.cacheTtl against an exact simulation with known updates', () => {
  test.each(CASES)('$name', (c) => {
    for (const seed of [11, 12]) {
      const rows = compare(c, seed)
      for (const { ttl, miss, stale, loads } of rows) {
        expect(Math.abs(miss[0] - miss[1]), `miss at ${ttl} ms: ${miss}`).toBeLessThan(MISS_TOLERANCE)
        expect(Math.abs(stale[0] - stale[1]), `stale at ${ttl} ms: ${stale}`).toBeLessThan(STALE_TOLERANCE)
        expect(Math.abs(loads[0] / loads[1] - 1), `loads at ${ttl} ms: ${loads}`).toBeLessThan(0.08)
      }
      // What the estimate calls best is, in truth, within 3 % of the best.
      const cost = (row: (typeof rows)[number], which: 0 | 1) => 10 * row.miss[which] + 20 * row.stale[which]
      const chosen = rows.reduce((best, row) => (cost(row, 0) < cost(best, 0) ? row : best))
      const least = Math.min(...rows.map((row) => cost(row, 1)))
      expect(cost(chosen, 1) / least).toBeLessThan(1.03)
    }
  })
})
