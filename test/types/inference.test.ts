import { expect, expectTypeOf, test } from 'vitest'
import { type Attached, attach, homeostat, type Knob, knob, signal, type Tuner } from '../../ts/entries/node.js'

/** Never run: the compiler reads it. */
async function typed() {
  const tuner = await homeostat({
    name: 'types',
    knobs: {
      ttl: knob.duration({ min: '30s', max: 900_000, initial: '300s', scale: 'log' }),
      n: knob.integer({
        min: 1,
        max: 4,
        initial: 2,
        apply: (value, { signal }) => expectTypeOf([value, signal]).toEqualTypeOf<(number | AbortSignal)[]>(),
      }),
      cold: knob.boolean({ initial: false, apply: async (value) => expectTypeOf(value).toEqualTypeOf<boolean>() }),
      policy: knob.choice({ choices: ['lru', 'lfu'], initial: 'lru' }),
    },
    signals: { latency: signal.duration(), miss: signal.ratio(), queries: signal.count(), queue: signal.gauge() },
    minimize: (m) => {
      expectTypeOf(m.miss).toEqualTypeOf<number>()
      expectTypeOf(m.queries).toEqualTypeOf<number>()
      expectTypeOf(m.latency.p99).toEqualTypeOf<number>()
      // @ts-expect-error a ratio has no percentiles
      m.miss.p99
      // @ts-expect-error no such signal
      m.mis
      return m.miss * 10 + m.latency.p99
    },
    constraints: { 'latency.p99': { max: '120ms' }, miss: { max: 0.5 }, 'latency.count': { min: 5 } },
    guardrails: { preset: 'conservative', minInterval: '1s' },
  })

  expectTypeOf(tuner.knobs.ttl).toEqualTypeOf<number>()
  expectTypeOf(tuner.knobs.cold).toEqualTypeOf<boolean>()
  expectTypeOf(tuner.knobs.policy).toEqualTypeOf<'lru' | 'lfu'>()
  expectTypeOf(tuner.snapshot().values.policy).toEqualTypeOf<'lru' | 'lfu'>()
  // @ts-expect-error no such knob
  tuner.knobs.tll
  // @ts-expect-error knobs are read
  tuner.knobs.ttl = 3
  // @ts-expect-error no such signal
  tuner.signals.mis(true)
  tuner.signals.miss(true, tuner.generation)
  tuner.signals.queries()
  // @ts-expect-error a duration is a number
  tuner.signals.latency(true)
  // @ts-expect-error a duration is needed
  tuner.signals.latency()
  // @ts-expect-error no such knob
  tuner.freeze('tll')
  tuner.freeze('ttl')
  // @ts-expect-error no such choice
  tuner.trial('policy', 'fifo')
  tuner.trial('policy', 'lfu')
  // @ts-expect-error of another type
  tuner.propose({ cold: 1 })
  tuner.propose({ cold: true, ttl: 40_000 })
  // @ts-expect-error no such event
  tuner.on('aplied', () => {})
  tuner.on('applied', (change) => expectTypeOf(change.generation).toEqualTypeOf<number>())
  tuner.on('failed', ({ error }) => expectTypeOf(error.code).toExtend<string>())
  // @ts-expect-error not a duration signal
  tuner.measure('miss', () => 1)
  expectTypeOf(tuner.measure('latency', async () => 'x')).toEqualTypeOf<Promise<string>>()

  const attached = attach<typeof tuner>(JSON.parse('{}'))
  expectTypeOf(attached.knobs.policy).toEqualTypeOf<'lru' | 'lfu'>()
  expectTypeOf(attached.signals.miss).toEqualTypeOf(tuner.signals.miss)
  // @ts-expect-error no such knob
  attached.knobs.tll
  const direct = attach(tuner.handle)
  expectTypeOf(direct.knobs.policy).toEqualTypeOf<'lru' | 'lfu'>()
  expectTypeOf(direct).toExtend<Attached>()
  expectTypeOf(tuner).toExtend<Tuner>()
  expectTypeOf(knob.number({ min: 0, max: 1, initial: 0 })).toEqualTypeOf<Knob<number>>()
}

async function refused() {
  const base = {
    name: 'types',
    knobs: { b: knob.boolean({ initial: true }) },
    signals: { latency: signal.duration(), miss: signal.ratio() },
    minimize: () => 1,
  } as const
  // @ts-expect-error a typo in a constraint
  await homeostat({ ...base, constraints: { 'latency.p98': { max: 1 } } })
  // @ts-expect-error a ratio has no statistics
  await homeostat({ ...base, constraints: { 'miss.p99': { max: 1 } } })
  // @ts-expect-error a ratio is no duration
  await homeostat({ ...base, constraints: { miss: { max: '1s' } } })
  // @ts-expect-error no such mode
  await homeostat({ ...base, mode: 'automatic' })
  // @ts-expect-error no such unit
  knob.duration({ min: '30sec', max: '1h', initial: '40s' })
  // @ts-expect-error no such choice
  knob.choice({ choices: ['a', 'b'], initial: 'c' })
  // @ts-expect-error bytes are never periodic
  knob.bytes({ min: 1, max: 2, initial: 1, scale: 'periodic' })
}

test('the types above are checked by the compiler, and the builders run', () => {
  expect(typeof typed).toBe('function')
  expect(typeof refused).toBe('function')
})
