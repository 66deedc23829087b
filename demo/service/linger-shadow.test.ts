import { describe, expect, it } from 'vitest'
import { LingerShadow } from './linger-shadow.js'

/** The database path itself, written down as plainly as possible: which latency every key has at a linger. */
function naive(asked: readonly number[], lingerMs: number, serviceMs: number): number[] {
  const latencies: number[] = []
  let freeAt = 0
  for (let i = 0; i < asked.length; ) {
    const sentAt = (asked[i] as number) + lingerMs
    let end = i
    while (end < asked.length && ((asked[end] as number) < sentAt || end === i)) end++
    freeAt = Math.max(freeAt, sentAt) + serviceMs
    for (; i < end; i++) latencies.push(Math.min(2000, freeAt - (asked[i] as number)))
  }
  return latencies
}

function feed(asked: readonly number[], serviceMs: number, candidatesMs: readonly number[]) {
  const shadow = new LingerShadow({ candidatesMs, timeoutMs: 2000 })
  for (let i = 0; i < 10; i++) shadow.answered(1000 * i, 1000 * i + serviceMs)
  for (const at of asked) {
    shadow.requested()
    shadow.asked(at)
  }
  return shadow
}

describe('the linger shadow', () => {
  it('agrees with the plain model at every candidate', () => {
    let at = 20_000
    let state = 1
    const asked = Array.from({ length: 400 }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      at += (state / 2 ** 32) * 30
      return at
    })
    const candidates = [0, 5, 20, 80]
    const shadow = feed(asked, 15, candidates)
    const serviceMs = shadow.serviceMs
    const found = shadow.take(at + 1e6)
    for (const [i, lingerMs] of candidates.entries()) {
      const sorted = naive(asked, lingerMs, serviceMs).sort((a, b) => a - b)
      expect(found?.[i]?.p99Ms).toBeCloseTo(sorted[Math.ceil(sorted.length * 0.99) - 1] as number, 6)
    }
  })

  it('learns the service time through a queue of any length', () => {
    const shadow = new LingerShadow({ candidatesMs: [0, 10], timeoutMs: 2000 })
    // Ten queries sent at once to a server that takes 15 ms each.
    for (let i = 1; i <= 10; i++) shadow.answered(100, 100 + 15 * i)
    expect(shadow.serviceMs).toBeCloseTo(1.3 * 15, 9)
  })

  it('prefers batches when the database cannot keep up, and none otherwise', () => {
    const asked = Array.from({ length: 300 }, (_, i) => 20_000 + 10 * i)
    const slow = feed(asked, 15, [0, 40]).take(30_000)
    expect(slow?.[0]?.p99Ms).toBeGreaterThan(1000)
    expect(slow?.[1]?.p99Ms).toBeLessThan(100)
    const quick = feed(asked, 0.3, [0, 40]).take(30_000)
    expect(quick?.[0]?.p99Ms).toBeLessThan(1)
  })

  it('says nothing without requests', () => {
    expect(new LingerShadow({ candidatesMs: [0, 10], timeoutMs: 2000 }).take(1)).toBeUndefined()
  })
})
