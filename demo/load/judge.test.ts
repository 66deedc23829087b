import { describe, expect, it } from 'vitest'
import { costOf, STALE_TOLERANCE_MS } from '../scenario.js'
import { Judge } from './judge.js'
import { Tally } from './tally.js'

describe('the judge', () => {
  const judge = new Judge({ atMs: Float64Array.of(100, 150, 400), row: Int32Array.of(7, 8, 7) })

  it('knows the version of every row at any time', () => {
    expect([0, 99, 100, 399, 400, 1e9].map((at) => judge.versionAt(7, at))).toEqual([0, 0, 1, 1, 2, 2])
    expect(judge.versionAt(9, 1e9)).toBe(0)
  })

  it('tolerates an answer that was overtaken less than 50 ms ago', () => {
    expect(STALE_TOLERANCE_MS).toBe(50)
    expect(judge.isStale(7, 0, 149)).toBe(false)
    expect(judge.isStale(7, 0, 150)).toBe(true)
    expect(judge.isStale(7, 1, 449)).toBe(false)
    expect(judge.isStale(7, 2, 1e9)).toBe(false)
  })
})

describe('the cost', () => {
  it('is the one of the scenario', () => {
    expect(costOf({ missRate: 0.5, staleRate: 0.1, p99Ms: 300, errorRate: 0.01 })).toBeCloseTo(5 + 2 + 10 + 0.2, 12)
    expect(costOf({ missRate: 0, staleRate: 0, p99Ms: 99, errorRate: 0 })).toBe(0)
  })

  it('counts every request, nearest rank', () => {
    const tally = new Tally()
    for (let i = 1; i <= 200; i++) tally.add({ latencyMs: i, hit: i % 2 === 0, stale: i % 4 === 0, failed: i === 199 })
    expect(tally.report()).toMatchObject({
      requests: 200,
      missRate: 0.5,
      staleRate: 0.25,
      errorRate: 1 / 200,
      p50Ms: 100,
      p99Ms: 198,
    })
    expect(new Tally().report()).toMatchObject({ requests: 0, cost: 0 })
  })
})
