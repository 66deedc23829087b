import { describe, expect, it } from 'vitest'
import { TAIL_SLICES, Tail } from './tail.js'

describe('the tail', () => {
  it('is the nearest rank of the last second, to within 2 %', () => {
    const tail = new Tail()
    const slices: number[][] = []
    let state = 7
    for (let turn = 0; turn < 40; turn++) {
      const slice = Array.from({ length: turn % 7 === 0 ? 0 : 30 }, () => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0
        return 0.2 * 10_000 ** (state / 2 ** 32)
      })
      for (const latencyMs of slice) tail.add(latencyMs)
      slices.push(slice)
      const sorted = slices
        .slice(-TAIL_SLICES)
        .flat()
        .sort((a, b) => a - b)
      const exact = sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0
      expect(tail.p99()).toBeGreaterThanOrEqual(exact)
      expect(tail.p99()).toBeLessThanOrEqual(exact * 1.0201)
      tail.turn()
    }
  })
  it('forgets after a second', () => {
    const tail = new Tail()
    expect(tail.p99()).toBe(0)
    tail.add(1e9)
    for (let i = 0; i < TAIL_SLICES - 1; i++) tail.turn()
    expect(tail.p99()).toBeGreaterThan(1000)
    tail.turn()
    expect(tail.p99()).toBe(0)
  })
})
