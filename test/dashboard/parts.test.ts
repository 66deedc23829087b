/** What decides something without a browser: thinning out, events in pieces, the span of time, layers of calls. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { movingMean } from '../../ts/dashboard/chart/confidence.js'
import { decimate, indexAt, nearest, type Rows } from '../../ts/dashboard/chart/decimate.js'
import { Span } from '../../ts/dashboard/chart/span.js'
import { Model } from '../../ts/dashboard/model.js'
import { layout } from '../../ts/dashboard/views/graph.js'
import { gainOf } from '../../ts/dashboard/views/tuners.js'
import { EventParser } from '../../ts/sse/parser.js'
import { RecentObjective } from '../../ts/tuner/recent-objective.js'

const rowsOf = (values: readonly number[]): Rows => {
  const data = Float64Array.from(values)
  return { at: Float64Array.from(values, (_, i) => i * 10), min: data, max: data, mean: data }
}

test('columns keep every least and greatest value that is shown, and are no more than the picture is wide', () => {
  const value = fc.oneof(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.constant(Number.NaN))
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1, maxLength: 400 }),
      fc.integer({ min: 1, max: 90 }),
      fc.nat(4000),
      fc.nat(4000),
      (values, width, a, b) => {
        const [fromMs, toMs] = [Math.min(a, b), Math.max(a, b) + 1]
        const { n, min, max, x } = decimate(rowsOf(values), fromMs, toMs, width)
        expect(n).toBeLessThanOrEqual(width + 3)
        const shown = values.filter((one, i) => i * 10 >= fromMs && i * 10 <= toMs && Number.isFinite(one))
        const known = (list: Float64Array): number[] => [...list.subarray(0, n)].filter(Number.isFinite)
        for (const one of [Math.min(...shown), Math.max(...shown)])
          if (Number.isFinite(one)) expect([...known(min), ...known(max)]).toContain(one)
        expect([...x.subarray(0, n)]).toEqual([...x.subarray(0, n)].sort((p, q) => p - q))
      },
    ),
    { numRuns: 300 },
  )
})

test('times are found by halves', () => {
  const { at } = rowsOf([0, 0, 0, 0])
  expect([-1, 0, 1, 10, 31].map((one) => indexAt(at, one))).toEqual([0, 0, 1, 1, 4])
  expect([-5, 4, 6, 99].map((one) => nearest(at, one))).toEqual([0, 0, 1, 3])
  expect(nearest(new Float64Array(), 5)).toBe(-1)
})

test('the moving interval is the server’s, over the rows so far', () => {
  const values = Array.from({ length: 60 }, (_, i) => 5 + Math.sin(i / 3) + ((i * 7919) % 13) / 13)
  const moving = movingMean(rowsOf(values), 120)
  const recent = new RecentObjective()
  for (const one of values) recent.take(one)
  const { mean, low, high } = recent.state
  expect([moving.mean.at(-1), moving.min.at(-1), moving.max.at(-1)].map((one) => one?.toFixed(9))).toEqual(
    [mean, low, high].map((one) => one?.toFixed(9)),
  )
})

test('windows that say nothing leave the interval as it was', () => {
  const moving = movingMean(rowsOf([Number.NaN, 4, 6, 5, Number.NaN, 5]), 120)
  expect([...moving.mean]).toEqual([Number.NaN, 4, 5, 5, 5, 5])
  expect(moving.max[4]).toBe(moving.max[3])
})

test('events are the same however they are cut into pieces', () => {
  const text =
    'retry: 2000\n\nid: a.1\nevent: change\ndata: {"x":\ndata: 1}\n\n: alive\n\nevent: state\r\ndata: [2]\r\n\r\ndata: no json\n\n'
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1 }), (cuts) => {
      const told: unknown[] = []
      const parser = new EventParser((name, data, id) => told.push([name, data, id]))
      for (let at = 0, i = 0; at < text.length; i++) {
        const length = cuts[i % cuts.length] as number
        parser.push(text.slice(at, at + length))
        at += length
      }
      expect(told).toEqual([
        ['change', { x: 1 }, 'a.1'],
        ['state', [2], 'a.1'],
      ])
    }),
  )
})

test('a span stays within what there is, whatever is done to it, and follows the latest until somebody looks back', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('pan'), by: fc.double({ min: -3, max: 3, noNaN: true }) }),
    fc.record({ do: fc.constant('zoom'), by: fc.double({ min: 0.1, max: 8, noNaN: true }) }),
    fc.record({ do: fc.constant('more'), by: fc.double({ min: 0, max: 5000, noNaN: true }) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const span = new Span()
      span.reach(0, 100_000)
      for (const { do: what, by } of steps) {
        if (what === 'pan') span.pan(by)
        else if (what === 'zoom') span.zoom(by)
        else span.reach(0, span.lastMs + by)
        expect(span.toMs).toBeLessThanOrEqual(span.lastMs + 1e-6)
        expect(span.fromMs).toBeGreaterThanOrEqual(-1e-6)
        expect(span.toMs - span.fromMs).toBeGreaterThanOrEqual(999.999)
      }
    }),
  )
  const span = new Span()
  span.reach(0, 100_000)
  span.choose(10_000)
  span.reach(0, 120_000)
  expect(span.toMs).toBe(120_000)
  span.pan(-1)
  span.reach(0, 130_000)
  expect([span.live, span.toMs]).toEqual([false, 110_000])
  span.follow(true)
  expect(span.toMs).toBe(130_000)
})

test('who is called stands right of who calls, also around a cycle', () => {
  const edges = [
    { from: 'web', to: 'api' },
    { from: 'api', to: 'db' },
    { from: 'db', to: 'api' },
    { from: 'web', to: 'db' },
    { from: 'api', to: 'api' },
  ]
  const placed = layout(['db', 'api', 'web', 'alone'], edges)
  expect(Object.fromEntries(placed.map(({ name, layer }) => [name, layer]))).toEqual({
    web: 0,
    api: 1,
    db: 2,
    alone: 0,
  })
  expect(new Set(placed.map(({ layer, row }) => `${layer} ${row}`)).size).toBe(4)
})

test('a course’s end against its start: a share of the start, over more than one bucket, and nothing where it says nothing', () => {
  expect(gainOf([10, 10, 10, 10, 8, 8, 8, 8, 5, 5, 5, 5, 5, 5])).toBeCloseTo(-0.5)
  expect(gainOf([null, -4, null, -4, -4, -4, -2])).toBeCloseTo(0.5)
  expect(gainOf([1, 2, 3])).toBeUndefined()
  expect(gainOf([0, 1, 1, 1])).toBeUndefined()
  expect(gainOf([])).toBeUndefined()
})

test('changes of several runs stand the newest first, in whatever order they came', () => {
  const change = (runId: string, seq: number, more = {}) =>
    ({ tuner: 'a', runId, seq, standing: null, ...more }) as never
  const model = new Model()
  const shown = (): string[] => model.changesOf('a').map(({ runId, seq }) => `${runId}${seq}`)
  // A page of the newest, which reaches into the run before.
  model.addChanges('a', [change('c', 2), change('c', 1), change('b', 9)])
  // What is older, into a run before that.
  model.addChanges('a', [change('b', 4), change('a', 7), change('a', 3)], true)
  expect(shown()).toEqual(['c2', 'c1', 'b9', 'b4', 'a7', 'a3'])
  // The process was started again: a new run comes live, and the same is told once more.
  model.addChanges('a', [change('e', 1, { standing: 'live' })])
  model.addChanges('a', [change('e', 1, { standing: 'live' }), change('d', 5, { standing: 'live' }), change('c', 2)])
  expect(shown()).toEqual(['e1', 'd5', 'c2', 'c1', 'b9', 'b4', 'a7', 'a3'])
  expect(
    model
      .changesOf('a')
      .map(({ standing }) => standing)
      .slice(0, 2),
  ).toEqual(['live', 'superseded'])
})

test('a page of changes that comes after a live one puts the run before behind it', () => {
  const change = (runId: string, seq: number) => ({ tuner: 'a', runId, seq, standing: null }) as never
  const model = new Model()
  model.addChanges('a', [change('b', 3)])
  model.addChanges('a', [change('b', 3), change('b', 2), change('a', 8)])
  expect(model.changesOf('a').map(({ runId, seq }) => `${runId}${seq}`)).toEqual(['b3', 'b2', 'a8'])
})
