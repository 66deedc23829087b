/** History: thinned out without losing a spike, at a million points by few of them, and never wrong against an oracle. */
import fc from 'fast-check'
import { expect, onTestFinished, test, vi } from 'vitest'
import { Column, type Summary } from '../../ts/server/history/column.js'
import { Table } from '../../ts/server/history/table.js'

function naive(values: readonly number[]): Summary {
  const known = values.filter(Number.isFinite)
  return {
    min: Math.min(Number.POSITIVE_INFINITY, ...known),
    max: Math.max(Number.NEGATIVE_INFINITY, ...known),
    sum: known.reduce((sum, value) => sum + value, 0),
    count: known.length,
  }
}

test('a column is the naive one over whatever is asked for, also after the ring has turned', () => {
  const value = fc.oneof(fc.integer({ min: -1000, max: 1000 }), fc.constant(Number.NaN))
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 6000 }),
      fc.array(value, { minLength: 1, maxLength: 4 }),
      fc.array(fc.tuple(fc.nat(12_000), fc.nat(12_000)), { minLength: 1, maxLength: 10 }),
      fc.constantFrom(4096, 8192),
      (extra, cycle, spans, capacity) => {
        const column = new Column(capacity)
        const all: number[] = []
        for (let i = 0; i < 4000 + extra; i++) {
          const next = (cycle[i % cycle.length] as number) + (i % 37)
          all.push(next)
          column.push(next)
        }
        const start = Math.max(0, all.length - capacity)
        expect(column.start).toBe(start)
        const found: Summary = { min: 0, max: 0, sum: 0, count: 0 }
        for (const [a, b] of spans) {
          column.summarise(Math.min(a, b), Math.max(a, b), found)
          expect(found).toEqual(naive(all.slice(Math.max(start, Math.min(a, b)), Math.max(start, a, b))))
        }
      },
    ),
    { numRuns: 60 },
  )
})

test('few points come as they are; many as buckets that keep the spikes', () => {
  const table = new Table(4096)
  for (let i = 0; i < 100; i++) table.push(1000 + i * 10, { objective: i })
  const few = table.range({ series: ['objective', 'none'], fromMs: 1000, toMs: 1090, buckets: 50 })
  expect(few).toMatchObject({ resolution: 'points', bucketMs: null, points: 10 })
  expect(few.series).toEqual({
    objective: { min: few.series.objective?.max, max: expect.anything(), mean: expect.anything() },
  })
  expect(few.atMs).toEqual(Array.from({ length: 10 }, (_, i) => 1000 + i * 10))
  table.push(2000, { objective: 1e6 })
  table.push(2010, { objective: Number.NaN, late: 5 })
  const many = table.range({ series: ['objective', 'late'], fromMs: 0, toMs: 3000, buckets: 20 })
  expect(many.resolution).toBe('buckets')
  expect(many.atMs.length).toBeLessThanOrEqual(20)
  expect(Math.max(...((many.series.objective?.max ?? []) as number[]))).toBe(1e6)
  expect(many.series.late?.max.filter((value) => value !== null)).toEqual([5])
  const nothing = table.range({ series: ['objective'], fromMs: 9000, toMs: 9999, buckets: 10 })
  expect(nothing).toMatchObject({ points: 0, atMs: [], series: { objective: { min: [], max: [], mean: [] } } })
  expect(table.range({ series: [], fromMs: 5, toMs: 1, buckets: 1 }).points).toBe(0)
})

test('a million points: a screen of eight series looks at few of them', () => {
  const table = new Table(2 ** 20)
  const names = Array.from({ length: 8 }, (_, i) => `knob.k${i}`)
  const row: Record<string, number> = {}
  for (let i = 0; i < 1_000_000; i++) {
    const wave = Math.sin(i / 1000)
    for (const [k, name] of names.entries()) row[name] = wave + k
    table.push(i * 250, row)
  }
  expect(table.list().points).toBe(1_000_000)
  const found = table.range({ series: names, fromMs: 0, toMs: 250e6, buckets: 1000 })
  expect(found.points).toBe(1_000_000)
  expect(found.atMs.length).toBe(1000)
  expect(found.series['knob.k3']?.max).toHaveLength(1000)
  expect(JSON.stringify(found).length).toBeLessThan(400_000)
  // Single values at the ends of each bucket, and times to find them by; blocks stand for what lies in between.
  const at = vi.spyOn(Column.prototype, 'at')
  onTestFinished(() => at.mockRestore())
  table.range({ series: names, fromMs: 1e6, toMs: 201e6, buckets: 1000 })
  expect(at.mock.calls.length).toBeGreaterThan(1000)
  expect(at.mock.calls.length).toBeLessThan(8 * 1000 * 2 * 16 + 1000 * 21)
})
