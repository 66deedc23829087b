import fc from 'fast-check'
import { expect, test } from 'vitest'
import { allocate, WORD_STAMP } from '../../ts/memory/layout.js'
import { claimLane, Drain, ownerReport, reclaimLanes, releaseLane, workerReport } from '../../ts/memory/ring.js'

type Operation = { kind: 'report'; lane: number; value: number; generation: number | undefined } | { kind: 'drain' }

const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 40,
    arbitrary: fc.record({
      kind: fc.constant('report' as const),
      lane: fc.nat(2),
      value: fc.double({ noNaN: true }),
      generation: fc.option(fc.integer({ min: 0, max: 2 ** 40 }), { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'drain' as const }) },
)

/** A list per lane that refuses what does not fit. */
class Model {
  readonly lanes: [number, number][][] = [[], [], []]
  dropped = 0
  readonly capacity: number
  constructor(capacity: number) {
    this.capacity = capacity
  }
  report(lane: number, value: number, meta: number) {
    const list = this.lanes[lane] as [number, number][]
    if (list.length >= this.capacity) this.dropped++
    else list.push([value, meta])
  }
  drain() {
    const all = this.lanes.flat()
    for (const list of this.lanes) list.length = 0
    return all
  }
}

test('delivers, in order, exactly what a bounded list per lane would, and counts every drop', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 600 }), fc.integer(), (operations, start) => {
      const memory = allocate({ knobs: 1, signals: 3, lanes: 3, ring: 64 }, new Float64Array(1))
      // Heads run freely over the wrap of Int32.
      for (const lane of memory.lanes) {
        lane.words[0] = start
        lane.words[16] = start
      }
      memory.words[WORD_STAMP] = 5 << 6
      expect([claimLane(memory, 7), claimLane(memory, 7)]).toEqual([1, 2])
      const model = new Model(64)
      const drain = new Drain(memory)
      const reports = [ownerReport(memory, 2), workerReport(memory, 1, 2, 7), workerReport(memory, 2, 2, 7)]
      const check = () => {
        const got: [number, number][] = []
        drain.run(0, (values, meta) => {
          for (let i = 0; i < values.length; i++) got.push([values[i] as number, meta[i] as number])
        })
        expect(got).toEqual(model.drain())
        expect(drain.dropped).toBe(model.dropped)
      }
      for (const op of operations) {
        if (op.kind === 'drain') {
          check()
          continue
        }
        reports[op.lane]?.(op.value, op.generation)
        model.report(op.lane, op.value, ((op.generation ?? 5) << 6) | 2)
      }
      check()
    }),
    { numRuns: 300 },
  )
})

test('a sink that throws is not offered the same samples again', () => {
  const memory = allocate({ knobs: 1, signals: 1, lanes: 1, ring: 64 }, new Float64Array(1))
  const drain = new Drain(memory)
  const report = ownerReport(memory, 0)
  report(1)
  expect(() =>
    drain.run(0, () => {
      throw new Error('full')
    }),
  ).toThrow('full')
  report(2)
  const got: number[] = []
  drain.run(0, (values) => got.push(...values))
  expect(got).toEqual([2])
})

test('a shift moves the generation of every sample, around the wrap of the meta word', () => {
  const memory = allocate({ knobs: 1, signals: 4, lanes: 1, ring: 64 }, new Float64Array(1))
  const report = ownerReport(memory, 3)
  report(1, 2 ** 26 + 1)
  report(1, 9)
  const metas: number[] = []
  new Drain(memory).run(2, (_, meta) => metas.push(...meta))
  expect(metas.map((meta) => [meta >>> 6, meta & 63])).toEqual([
    [2 ** 26 - 1, 3],
    [7, 3],
  ])
})

test('lanes are claimed once, and again after they were released', () => {
  const memory = allocate({ knobs: 1, signals: 1, lanes: 3, ring: 64 }, new Float64Array(1))
  expect([claimLane(memory, 1), claimLane(memory, 2), claimLane(memory, 1)]).toEqual([1, 2, 0])
  expect(releaseLane(memory, 1, 2)).toBe(false)
  expect(releaseLane(memory, 1, 1)).toBe(true)
  expect([claimLane(memory, 3), claimLane(memory, 3)]).toEqual([1, 0])
})

test('a lane that was taken back is written by its next holder alone', () => {
  const memory = allocate({ knobs: 1, signals: 1, lanes: 3, ring: 64 }, new Float64Array(1))
  claimLane(memory, 2)
  claimLane(memory, 2)
  const gone = workerReport(memory, 1, 0, 2)
  gone(1)
  expect(reclaimLanes(memory, 2)).toBe(2)
  expect(reclaimLanes(memory, 2)).toBe(0)
  gone(2)
  expect(claimLane(memory, 3)).toBe(1)
  const next = workerReport(memory, 1, 0, 3)
  next(3)
  gone(4)
  // What detaches late gives nothing away.
  expect(releaseLane(memory, 1, 2)).toBe(false)
  const got: number[] = []
  new Drain(memory).run(0, (values) => got.push(...values))
  expect(got).toEqual([1, 3])
})
