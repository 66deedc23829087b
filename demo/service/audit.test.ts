import type { TunerEvent } from 'homeostat'
import { describe, expect, it } from 'vitest'
import { Audit } from './audit.js'

const LIMITS = {
  maxDelta: 0.1,
  updatesPerSecond: 3,
  minIntervalUs: 100_000,
  flipsPerMinute: 1,
  cumulativePerMinute: 0.25,
  bounds: { ttl: { min: 0, max: 10, scale: 'linear' } },
} as const

function audit(steps: readonly { atS: number; to: number; kind?: string; ttl?: number }[]): number {
  const one = new Audit(LIMITS, { ttl: 5 })
  for (const { atS, to, kind = 'shadow', ttl = 5 } of steps) {
    const payload = { kind, values: { ttl }, baseline: [to] }
    one.applied({ type: 'applied', timeUs: atS * 1e6, payload } as unknown as TunerEvent)
  }
  return one.breaches
}

describe('the audit', () => {
  it('finds nothing where nothing is', () => {
    expect(
      audit([
        { atS: 0, to: 0.6 },
        { atS: 1, to: 0.7 },
        { atS: 61, to: 0.8 },
      ]),
    ).toBe(0)
  })
  it.each([
    ['a step that is too large', [{ atS: 0, to: 0.7 }]],
    ['a live step that is too large', [{ atS: 0, to: 0.6, ttl: 6.5 }]],
    ['a value outside its bounds', [{ atS: 0, to: 0.6, ttl: 11, kind: 'back-off' }]],
    [
      'updates that come too soon',
      [
        { atS: 0, to: 0.51 },
        { atS: 0.05, to: 0.52 },
      ],
    ],
    ['too many updates in a second', [0, 0.2, 0.4, 0.6].map((atS) => ({ atS, to: 0.5 }))],
    [
      'too much movement in a rolling minute',
      [
        { atS: 0, to: 0.6 },
        { atS: 30, to: 0.7 },
        { atS: 59, to: 0.8 },
      ],
    ],
    ['too many turns in a rolling minute', [0.55, 0.5, 0.55].map((to, i) => ({ atS: i * 10, to }))],
  ])('finds %s', (_, steps) => {
    expect(audit(steps)).toBe(1)
  })
  it('holds a rollback to the bounds only', () => {
    expect(audit([{ atS: 0, to: 0.9, kind: 'rollback' }])).toBe(0)
    expect(audit([{ atS: 0, to: 0.9, kind: 'rollback', ttl: -1 }])).toBe(1)
    expect(audit([{ atS: 0, to: 0.9, kind: 'safe-mode' }])).toBe(0)
  })
})
