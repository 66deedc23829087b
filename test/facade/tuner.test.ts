import { describe, expect, test } from 'vitest'
import { attach, bindingKind, homeostat, isHomeostatError, knob, ready, signal } from '../../ts/entries/node.js'
import { drive, fakeClock, seededRandom } from '../../ts/testing/index.js'
import { cacheTuner, window } from '../support/tuners.js'

test('the binding is the one that the environment asked for', async () => {
  await ready()
  expect(bindingKind()).toBe(process.env.HOMEOSTAT_BINDING)
})

describe('learning', () => {
  test('auto moves a knob towards the better side, within its bounds', async () => {
    const clock = fakeClock()
    const random = seededRandom(3)
    const tuner = await homeostat({
      name: 'descent',
      seed: 1,
      clock,
      tick: 'manual',
      mode: 'auto',
      knobs: { x: knob.number({ min: 0, max: 1, initial: 0.9 }) },
      signals: { cost: signal.gauge() },
      minimize: (m) => m.cost,
    })
    drive(tuner, clock, { ticks: 5 * 4 * 300 }, ({ knobs, signals }) => {
      signals.cost(1 + 4 * (knobs.x - 0.3) ** 2 + 0.02 * random.normal())
      expect(knobs.x).toBeGreaterThanOrEqual(0)
      expect(knobs.x).toBeLessThanOrEqual(1)
    })
    const { knobs } = await tuner.explain()
    expect(Math.abs((knobs[0]?.baseline ?? 9) - 0.3)).toBeLessThan(0.1)
    await tuner.close()
  })

  test('maximize is minimize of the negative', async () => {
    const clock = fakeClock()
    const tuner = await homeostat({
      name: 'ascent',
      seed: 1,
      clock,
      tick: 'manual',
      mode: 'auto',
      knobs: { x: knob.number({ min: 0, max: 1, initial: 0.2 }) },
      signals: { gain: signal.gauge() },
      maximize: (m) => m.gain,
    })
    drive(tuner, clock, { ticks: 5 * 4 * 300 }, ({ knobs, signals }) => signals.gain(10 - 8 * (knobs.x - 0.7) ** 2))
    const { knobs } = await tuner.explain()
    expect(Math.abs((knobs[0]?.baseline ?? 9) - 0.7)).toBeLessThan(0.1)
    await tuner.close()
  })

  test.each(['observe', 'recommend'] as const)('%s never writes', async (mode) => {
    const { tuner, clock } = await cacheTuner({ mode })
    const before = tuner.snapshot()
    for (let i = 0; i < 200; i++) window(tuner, clock, 0.5)
    expect(tuner.snapshot()).toEqual(before)
    expect((await tuner.explain()).windows).toBe(200)
    await tuner.close()
  })
})

describe('metrics', () => {
  test('each kind becomes what the objective expects', async () => {
    const seen: unknown[] = []
    const { tuner, clock } = await cacheTuner({
      mode: 'observe',
      minimize: (m: object) => seen.push(structuredClone(m)),
    })
    for (let tick = 0; tick < 5; tick++) {
      clock.advance(50)
      tuner.signals.latency(10)
      tuner.signals.latency(30)
      tuner.signals.miss(tick === 0)
      tuner.signals.queries(3)
      tuner.signals.queue(tick)
      tuner.tick()
    }
    expect(seen).toHaveLength(1)
    const m = seen[0] as { latency: Record<string, number>; miss: number; queries: number; queue: number }
    expect(m.miss).toBeCloseTo(0.2, 12)
    expect(m.queries).toBeCloseTo(60, 9)
    expect(m.queue).toBeCloseTo(2, 12)
    expect(m.latency.count).toBe(10)
    expect(m.latency.mean).toBeCloseTo(20, 6)
    expect(m.latency.max).toBeCloseTo(30, 6)
    for (const stat of ['p50', 'p90', 'p99']) {
      expect(m.latency[stat]).toBeGreaterThan(9)
      expect(m.latency[stat]).toBeLessThan(33)
    }
    await tuner.close()
  })

  test('without samples means are NaN, rates 0, and that is nobody’s mistake', async () => {
    const { tuner, clock } = await cacheTuner({
      mode: 'observe',
      minimize: (m: { miss: number; queries: number }) => m.miss + m.queries,
    })
    for (let i = 0; i < 10; i++) {
      clock.advance(50)
      tuner.tick()
    }
    expect(tuner.counters()).toMatchObject({ windows: 2, objectiveErrors: 0 })
    await tuner.close()
  })

  test('measure reports a duration and returns the result, failures included', async () => {
    const durations: number[] = []
    const { tuner, clock } = await cacheTuner({
      mode: 'observe',
      minimize: (m: { latency: { max: number } }) => durations.push(m.latency.max),
    })
    const slow = () => {
      clock.advance(40)
      return 'done'
    }
    expect(tuner.measure('latency', slow)).toBe('done')
    await expect(tuner.measure('latency', async () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(() => tuner.measure('latncy' as never, () => 1)).toThrow(
      expect.objectContaining({ code: 'HOMEOSTAT_UNKNOWN_SIGNAL' }),
    )
    clock.advance(250)
    tuner.tick()
    expect(durations[0]).toBeCloseTo(40, 0)
    await tuner.close()
  })

  test('constraints become the digest’s margin, the worst first', async () => {
    const { tuner, clock } = await cacheTuner({
      mode: 'observe',
      constraints: { 'latency.max': { max: '20ms' }, miss: { max: 0.6 }, queries: { min: 100 } },
    })
    const margins: unknown[] = []
    tuner.on('window', (event) => margins.push(event.payload.constraint_margin))
    window(tuner, clock, 0.3)
    // latency.max 14 of 20: 0.3; miss 0.3 of 0.6: 0.5; 200 queries/s of at least 100: 1.
    expect(margins[0]).toBeCloseTo(0.3, 1)
    await tuner.close()
  })
})

describe('bad behaviour around the loop', () => {
  test.each([
    [
      'throws',
      () => {
        throw new Error('mine')
      },
    ],
    ['returns NaN', () => Number.NaN],
    ['returns infinity', () => Number.POSITIVE_INFINITY],
    ['returns text', () => 'much' as never],
  ])('an objective that %s is counted, reported once a minute, and the loop goes on', async (how, minimize) => {
    const { tuner, clock } = await cacheTuner({ minimize })
    const events: unknown[] = []
    tuner.on('objectiveError', ({ error }) => events.push([error.code, (error.cause as Error | undefined)?.message]))
    const before = tuner.snapshot().values
    for (let i = 0; i < 4 * 61; i++) window(tuner, clock)
    expect(tuner.counters().objectiveErrors).toBe(4 * 61)
    const event = ['HOMEOSTAT_OBJECTIVE_FAILED', how === 'throws' ? 'mine' : undefined]
    expect(events).toEqual([event, event])
    expect(tuner.snapshot().values).toEqual(before)
    expect((await tuner.explain()).windows).toBe(4 * 61)
    await tuner.close()
  })

  test('a clock that steps back, stands or turns NaN is survived and counted; the core never sees time go back', async () => {
    const { tuner, clock } = await cacheTuner()
    const times: number[] = []
    const troubles: string[] = []
    tuner.on('window', (event) => times.push(event.timeUs))
    tuner.on('trouble', (event) => troubles.push(event.code))
    for (let i = 0; i < 20; i++) window(tuner, clock)
    clock.advance('-1h')
    for (let i = 0; i < 20; i++) window(tuner, clock)
    const at = clock.nowUs()
    clock.set(Number.NaN)
    tuner.tick()
    clock.set(at)
    tuner.tick()
    for (let i = 0; i < 20; i++) window(tuner, clock)
    expect(times.length).toBeGreaterThanOrEqual(59)
    expect(times).toEqual([...times].sort((a, b) => a - b))
    expect(tuner.counters().clockBackwards).toBe(2)
    expect(troubles).toEqual(['HOMEOSTAT_CLOCK_JUMPED'])
    expect(tuner.failure).toBeUndefined()
    await tuner.close()
  })

  test('ticks within one microsecond are no trouble', async () => {
    const { tuner, clock } = await cacheTuner()
    for (const us of [0.25, 0.5, 0.125, 0.75]) {
      clock.set(1_000_000 + us)
      tuner.tick()
    }
    expect(tuner.counters().clockBackwards).toBe(0)
    await tuner.close()
  })

  test('a clock that jumps forth makes one window say nothing', async () => {
    const { tuner, clock } = await cacheTuner()
    const objectives: unknown[] = []
    tuner.on('window', (event) => objectives.push(event.payload.objective))
    window(tuner, clock)
    clock.advance('1h')
    window(tuner, clock)
    window(tuner, clock)
    expect(tuner.counters().stalledWindows).toBe(1)
    expect(objectives.filter((objective) => typeof objective !== 'number')).toHaveLength(1)
    await tuner.close()
  })

  test('a listener that throws is counted', async () => {
    const { tuner, clock } = await cacheTuner()
    const seen: string[] = []
    tuner.on('window', () => {
      throw new Error('mine')
    })
    const stop = tuner.on('window', (event) => seen.push(event.type))
    window(tuner, clock)
    stop()
    window(tuner, clock)
    expect(tuner.counters().listenerErrors).toBe(2)
    expect(seen).toEqual(['window'])
    await tuner.close()
  })

  test('a full ring drops and counts exactly', async () => {
    const { tuner } = await cacheTuner({ ring: 64 })
    for (let i = 0; i < 100; i++) tuner.signals.latency(1)
    tuner.tick()
    expect(tuner.counters()).toMatchObject({ samples: 64, samplesDropped: 36 })
    await tuner.close()
  })

  test('samples of an older generation do not count for learning', async () => {
    const seen: number[] = []
    const { tuner, clock } = await cacheTuner({
      mode: 'auto',
      minimize: (m: { latency: { count: number } }) => seen.push(m.latency.count) && 1,
    })
    const old = tuner.generation
    expect(tuner.propose({ ttl: '310s' as never })).toEqual({ ok: true })
    expect(tuner.generation).toBeGreaterThan(old)
    for (let tick = 0; tick < 5; tick++) {
      clock.advance(50)
      tuner.signals.latency(1, old)
      tuner.signals.latency(1)
      tuner.tick()
    }
    expect(seen[0]).toBeLessThanOrEqual(5)
    expect(seen[0]).toBeGreaterThan(0)
    await tuner.close()
  })
})

describe('operator actions', () => {
  test('propose moves within the guardrails and refuses as a value', async () => {
    const { tuner } = await cacheTuner()
    expect(tuner.propose({ concurrency: 36 })).toEqual({ ok: true })
    expect(tuner.knobs.concurrency).toBe(36)
    const refused = tuner.propose({ concurrency: 256 })
    expect(refused.ok).toBe(false)
    expect(refused).toHaveProperty('violation')
    expect(tuner.knobs.concurrency).toBe(36)
    await tuner.close()
  })

  test('a move made for an older generation is refused', async () => {
    const { tuner } = await cacheTuner()
    const { generation } = tuner.snapshot()
    expect(tuner.propose({ concurrency: 36 }, { generation })).toEqual({ ok: true })
    expect(tuner.propose({ concurrency: 34 }, { generation })).toEqual({ ok: false, violation: 'stale-generation' })
    expect(tuner.knobs.concurrency).toBe(36)
    for (const bad of [-1, 1.5, Number.NaN, '3'])
      expect(() => tuner.propose({ concurrency: 34 }, { generation: bad as number })).toThrow(
        expect.objectContaining({ code: 'HOMEOSTAT_INVALID_OPTION' }),
      )
    await tuner.close()
  })

  test.each([
    [
      'an unknown knob',
      (t: never) => (t as { propose(v: object): void }).propose({ tll: 1 }),
      'HOMEOSTAT_UNKNOWN_KNOB',
    ],
    [
      'outside the bounds',
      (t: never) => (t as { propose(v: object): void }).propose({ concurrency: 1e6 }),
      'HOMEOSTAT_INVALID_BOUNDS',
    ],
    [
      'NaN',
      (t: never) => (t as { propose(v: object): void }).propose({ concurrency: Number.NaN }),
      'HOMEOSTAT_INVALID_OPTION',
    ],
    [
      'freeze of an unknown knob',
      (t: never) => (t as { freeze(n: string): void }).freeze('nope'),
      'HOMEOSTAT_UNKNOWN_KNOB',
    ],
    [
      'an unknown control word',
      (t: never) => (t as { control(n: string): void }).control('stop'),
      'HOMEOSTAT_INVALID_OPTION',
    ],
    ['an unknown mode', (t: never) => (t as { setMode(n: string): void }).setMode('fast'), 'HOMEOSTAT_INVALID_OPTION'],
  ])('%s throws with a code and changes nothing', async (_, act, code) => {
    const { tuner } = await cacheTuner()
    const before = tuner.snapshot()
    expect(() => act(tuner as never)).toThrow(expect.objectContaining({ code }))
    expect(tuner.snapshot()).toEqual(before)
    await tuner.close()
  })

  test('freeze holds one knob while the other is learned, unfreeze lets it go', async () => {
    const { tuner, clock } = await cacheTuner()
    tuner.freeze('ttl')
    const { ttl, concurrency } = tuner.snapshot().values
    for (let i = 0; i < 100; i++) window(tuner, clock, 0.5)
    expect(tuner.knobs.ttl).toBe(ttl)
    expect(tuner.knobs.concurrency).not.toBe(concurrency)
    tuner.unfreeze('ttl')
    for (let i = 0; i < 100; i++) window(tuner, clock, 0.5)
    expect(tuner.knobs.ttl).not.toBe(ttl)
    await tuner.close()
  })

  test('SafeMode by hand holds everything until it is acknowledged', async () => {
    const { tuner, clock } = await cacheTuner()
    const events: string[] = []
    for (const name of ['safeMode', 'recovered'] as const) tuner.on(name, (event) => events.push(event.type))
    for (let i = 0; i < 20; i++) window(tuner, clock)
    tuner.enterSafeMode()
    window(tuner, clock)
    const held = tuner.snapshot().values
    for (let i = 0; i < 8; i++) window(tuner, clock)
    expect(tuner.snapshot().values).toEqual(held)
    expect(tuner.propose({ concurrency: 33 })).toEqual({ ok: false, violation: 'safe-mode' })
    tuner.acknowledge()
    expect(events).toEqual(['safeMode', 'recovered'])
    await tuner.close()
  })

  test('a trial moves a choice and decides by itself', async () => {
    const clock = fakeClock()
    const tuner = await homeostat({
      name: 'policies',
      clock,
      tick: 'manual',
      mode: 'auto',
      seed: 3,
      knobs: { policy: knob.choice({ choices: ['lru', 'lfu', 'fifo'], initial: 'lru' }) },
      signals: { cost: signal.gauge() },
      minimize: (m) => m.cost,
    })
    const ended: unknown[] = []
    tuner.on('trialEnd', (event) => ended.push(event.payload))
    const random = seededRandom(9)
    const run = (ticks: number) =>
      drive(tuner, clock, { ticks }, ({ knobs, signals }) =>
        signals.cost((knobs.policy === 'lfu' ? 1 : 2) + 0.05 * random.normal()),
      )
    run(100)
    expect(tuner.trial('policy', 'lfu')).toEqual({ ok: true })
    run(5 * 4 * 200)
    expect(ended).toHaveLength(1)
    expect(tuner.knobs.policy).toBe('lfu')
    await tuner.close()
  })
})

describe('the end', () => {
  test('close is safe to call twice, values stay readable, actions say that it is closed', async () => {
    const { tuner, clock } = await cacheTuner()
    window(tuner, clock)
    const values = tuner.snapshot()
    await Promise.all([tuner.close(), tuner.close()])
    await tuner.close()
    tuner.tick()
    tuner.signals.miss(true)
    expect(tuner.snapshot()).toEqual(values)
    expect(() => tuner.propose({ concurrency: 33 })).toThrow(expect.objectContaining({ code: 'HOMEOSTAT_CLOSED' }))
    await expect(tuner.explain()).rejects.toMatchObject({ code: 'HOMEOSTAT_CLOSED' })
  })

  test('await using closes', async () => {
    const { tuner } = await cacheTuner()
    await tuner[Symbol.asyncDispose]()
    expect(() => tuner.freeze()).toThrow(expect.objectContaining({ code: 'HOMEOSTAT_CLOSED' }))
  })
})

test('attach in the same thread: one memory, and lanes that run out', async () => {
  const { tuner } = await cacheTuner({ lanes: 3 })
  const a = attach(tuner.handle)
  const b = attach<typeof tuner>(tuner.handle)
  expect(() => attach(tuner.handle)).toThrow(expect.objectContaining({ code: 'HOMEOSTAT_NO_LANE', option: 'lanes' }))
  b.detach()
  b.detach()
  const c = attach<typeof tuner>(tuner.handle)
  tuner.propose({ concurrency: 36 })
  expect([a.knobs.concurrency, c.snapshot().values.concurrency, c.generation]).toEqual([36, 36, tuner.generation])
  a.signals.miss(true)
  c.signals.latency(3, c.generation)
  b.signals.latency(3)
  tuner.tick()
  expect(tuner.counters().samples).toBe(2)
  await tuner.close()
})

test.each([
  undefined,
  {},
  { homeostat: 2 },
  { homeostat: 1, buffer: new ArrayBuffer(8) },
  { homeostat: 1, buffer: new SharedArrayBuffer(8), knobs: [], signals: [], lanes: 1, ring: 64 },
])('attach refuses %o', (handle) => {
  expect(() => attach(handle)).toThrow(expect.objectContaining({ code: 'HOMEOSTAT_INVALID_HANDLE' }))
})

test('errors are recognised by their brand', () => {
  expect(isHomeostatError(new Error('HOMEOSTAT_CLOSED: no'))).toBe(false)
  expect(isHomeostatError(null)).toBe(false)
})
