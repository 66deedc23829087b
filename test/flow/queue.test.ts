import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type QueueOptions, queue } from '../../ts/entries/flow/node.js'
import { fakeClock } from '../../ts/testing/fake-clock.js'
import { boom } from '../resilience/support/clock.js'

const make = <T = string>(options: QueueOptions = {}) => {
  const clock = fakeClock(0)
  return { clock, q: queue<T>({ clock, ...options }) }
}
const drain = <T>(q: { dequeue(): { item: T } | undefined }): T[] => {
  const all: T[] = []
  for (let next = q.dequeue(); next !== undefined; next = q.dequeue()) all.push(next.item)
  return all
}

describe('who is next', () => {
  test('the best tier, and of one tier who waited longest', () => {
    const { q } = make()
    for (const [item, tier] of [
      ['c', 2],
      ['e', 4],
      ['a', 0],
      ['d', 2],
      ['b', 1],
    ] as const)
      q.enqueue(item, { tier })
    q.enqueue('b2', { interest: 0.9 })
    q.enqueue('d2', { interest: 0.8 })
    expect([q.size, q.sizeOf(2)]).toEqual([7, 3])
    expect(drain(q)).toEqual(['a', 'b', 'b2', 'c', 'd', 'd2', 'e'])
  })

  test('what waits for long rises', () => {
    const { clock, q } = make({ riseAfter: '5m' })
    q.enqueue('old', { tier: 4 })
    clock.advance('10m')
    q.enqueue('new', { tier: 3 })
    expect(drain(q)).toEqual(['old', 'new'])
  })

  test('not what is too late, nor what was cancelled', () => {
    const { clock, q } = make()
    const dropped: unknown[] = []
    q.on('dropped', ({ item, reason }) => dropped.push([item, reason]))
    q.enqueue('late', { startWithin: '1s' })
    const gone = q.enqueue('gone')
    q.enqueue('on time', { startWithin: '3s' })
    clock.advance('2s')
    expect(gone.ok && [q.cancel(gone.ticket), q.cancel(gone.ticket)]).toEqual([true, false])
    expect(drain(q)).toEqual(['on time'])
    expect(dropped).toEqual([['late', 'deadline']])
    expect(q.enqueue('x', { startWithin: 0 })).toEqual({ ok: false, reason: 'deadline' })
  })
})

describe('when it is full', () => {
  test('the youngest of the lowest tier makes room, or the newcomer is refused', () => {
    const { q } = make({ depth: 3, emergencies: 1 })
    const dropped: unknown[] = []
    const over: unknown[] = []
    q.on('dropped', boom)
    q.on('dropped', ({ item, reason }) => dropped.push([item, reason]))
    q.on('overDepth', ({ item, waiting }) => over.push([item, waiting]))
    for (const [item, tier] of [
      ['n', 2],
      ['b1', 4],
      ['b2', 4],
    ] as const)
      expect(q.enqueue(item, { tier }).ok).toBe(true)
    expect(q.enqueue('b3', { tier: 4 })).toEqual({ ok: false, reason: 'full' })
    for (const item of ['s1', 's2', 's3']) q.enqueue(item, { tier: 1 })
    expect(dropped).toEqual([
      ['b2', 'evicted'],
      ['b1', 'evicted'],
      ['n', 'evicted'],
    ])
    expect(q.enqueue('e1', { tier: 0 }).ok).toBe(true)
    for (const item of ['e2', 'e3', 'e4']) q.enqueue(item, { tier: 0 })
    expect(q.enqueue('e5', { tier: 0 })).toEqual({ ok: false, reason: 'hard-bound' })
    expect(over).toEqual([['e4', 4]])
    expect(drain(q)).toEqual(['e1', 'e2', 'e3', 'e4'])
    expect(q.listenerErrors).toBe(6)
  })
})

describe('capacity', () => {
  test('falls with what waits, comes back slowly, and upstream hears of it', () => {
    const { clock, q } = make<number>({ depth: 100 })
    const heard: number[] = []
    q.on('capacity', ({ capacity }) => heard.push(capacity))
    for (let i = 0; i < 96; i++) q.enqueue(i)
    expect(heard).toEqual([0.7, 0.3, 0.1])
    drain(q)
    expect(q.capacity).toBe(0.1)
    for (let i = 0; i < 8; i++) {
      clock.advance('1s')
      void q.capacity
    }
    expect(heard).toEqual([0.7, 0.3, 0.1, 0.3, 0.7, 1])
    q.limitCapacity(0.3)
    expect([q.capacity, heard.at(-1)]).toEqual([0.3, 0.3])
  })
})

test('every item leaves exactly once, in any order of operations', () => {
  const step = fc.tuple(fc.constantFrom('in', 'out', 'cancel', 'wait'), fc.nat(4), fc.nat(30))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 1, max: 20 }), (steps, depth) => {
      const { clock, q } = make<number>({ depth, emergencies: 3, riseAfter: '1s' })
      const inside = new Set<number>()
      const tickets = new Map<number, number>()
      const leaves = (item: number): void => {
        expect(inside.delete(item)).toBe(true)
        tickets.delete(item)
      }
      q.on('dropped', ({ item }) => leaves(item))
      steps.forEach(([what, tier, n], i) => {
        if (what === 'wait') clock.advance(n * 100)
        if (what === 'in') {
          const done = q.enqueue(i, { tier, ...(n % 2 ? { startWithin: n * 50 } : {}) })
          if (done.ok) {
            inside.add(i)
            tickets.set(i, done.ticket)
          }
        }
        if (what === 'out') {
          const next = q.dequeue()
          if (next !== undefined) leaves(next.item)
        }
        if (what === 'cancel') {
          const [item, ticket] = [...tickets][n % Math.max(1, tickets.size)] ?? []
          if (item !== undefined && ticket !== undefined) {
            expect(q.cancel(ticket)).toBe(true)
            leaves(item)
          }
        }
        expect(q.size).toBe(inside.size)
        expect(q.size).toBeLessThanOrEqual(depth + 3)
      })
      q.close()
      expect(inside.size).toBe(0)
    }),
    { numRuns: 200 },
  )
})

test('a closed queue is full, and empty', () => {
  const { q } = make()
  const dropped: unknown[] = []
  q.on('dropped', ({ item, reason }) => dropped.push([item, reason]))
  const one = q.enqueue('a')
  q.close()
  q.close()
  expect(dropped).toEqual([['a', 'closed']])
  expect([q.enqueue('b'), q.dequeue(), one.ok && q.cancel(one.ticket), q.size]).toEqual([
    { ok: false, reason: 'full' },
    undefined,
    false,
    0,
  ])
})

test('the queues of the kernel pipeline have their depths', () => {
  for (const [name, depth] of [
    ['blueprints', 100],
    ['compilation', 50],
    ['validation', 25],
    ['storage', 200],
  ] as const) {
    using q = queue<number>(name)
    for (let i = 0; i < depth; i++) expect(q.enqueue(i).ok).toBe(true)
    expect(q.enqueue(depth)).toEqual({ ok: false, reason: 'full' })
  }
})

test.each([{ depth: 0 }, { depth: 1e6 }, { emergencies: -1 }, { riseAfter: 'later' }, { size: 5 }, 'kernels'])(
  '%j is refused',
  (options) => {
    expect(() => queue(options as never)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/INVALID_OPTION|UNKNOWN_OPTION/) }),
    )
  },
)

test.each([{ tier: 5 }, { tier: 1, interest: 1 }, { interest: 2 }, { interest: Number.NaN }, { startWithin: -1 }])(
  'an item with %j is refused',
  (options) => {
    const { q } = make()
    expect(() => q.enqueue('x', options)).toThrow(expect.objectContaining({ code: 'HOMEOSTAT_INVALID_OPTION' }))
    expect(q.size).toBe(0)
  },
)
