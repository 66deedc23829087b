import { expect, test } from 'vitest'
import { type ApplyContext, knob } from '../../ts/entries/node.js'
import type { ResolvedKnob } from '../../ts/schema/resolve-knob.js'
import { Pusher } from '../../ts/tuner/push.js'
import { sleep, until } from '../support/folder.js'
import { cacheTuner, window } from '../support/tuners.js'

async function pool(apply: (value: number, context: ApplyContext) => void | Promise<void>, more: object = {}) {
  return cacheTuner({
    knobs: { size: knob.integer({ min: 1, max: 100, initial: 10, apply }) },
    ...more,
  }) as unknown as Promise<
    Omit<Awaited<ReturnType<typeof cacheTuner>>, 'tuner'> & {
      tuner: { propose(v: object): unknown; knobs: { size: number } } & Awaited<ReturnType<typeof cacheTuner>>['tuner']
    }
  >
}

test('a change is pushed, and the journal says so', async () => {
  const pushed: unknown[] = []
  const { tuner } = await pool((value, { generation }) => void pushed.push([value, generation]))
  const events: string[] = []
  tuner.on('pushed', (event) => events.push(event.type))
  tuner.propose({ size: 12 })
  await until(() => events.length === 1)
  expect(pushed).toEqual([[12, 2]])
  expect(tuner.knobs.size).toBe(12)
  await tuner.close()
})

test.each([
  [
    'throws',
    () => {
      throw new Error('no')
    },
  ],
  ['rejects', async () => Promise.reject(new Error('no'))],
])('an apply that %s rolls the change back, and the old value is pushed again', async (_, fail) => {
  const pushed: number[] = []
  const { tuner } = await pool((value) => {
    pushed.push(value)
    if (value === 12) return fail()
  })
  const events: string[] = []
  for (const name of ['pushFailed', 'rolledBack', 'pushed', 'trouble'] as const)
    tuner.on(name, (event) => events.push(event.type))
  tuner.propose({ size: 12 })
  await until(() => pushed.length === 2 && events.includes('pushed'))
  expect(pushed).toEqual([12, 10])
  expect(tuner.knobs.size).toBe(10)
  expect(events).toEqual(['trouble', 'pushFailed', 'rolledBack', 'pushed'])
  await tuner.close()
})

test('an apply that takes too long counts as failed and is told so', async () => {
  let reason: unknown
  const { tuner } = await pool(
    (value, { signal }) =>
      value === 12
        ? new Promise((resolve) => {
            signal.addEventListener('abort', () => {
              reason = signal.reason
            })
            setTimeout(resolve, 400)
          })
        : undefined,
    { applyTimeout: 30 },
  )
  tuner.propose({ size: 12 })
  await until(() => tuner.knobs.size === 10)
  expect(reason).toMatchObject({ code: 'HOMEOSTAT_APPLY_TIMEOUT' })
  await tuner.close()
})

test('one push at a time; no other change comes between', async () => {
  let running = 0
  let most = 0
  const { tuner, clock } = await pool(async () => {
    most = Math.max(most, ++running)
    await sleep(20)
    running--
  })
  for (let i = 0; i < 40; i++) {
    window(tuner, clock, 0.5)
    await sleep(2)
  }
  expect(most).toBe(1)
  await tuner.close()
})

test('an apply that never ends does not hold up close', async () => {
  const { tuner } = await pool(() => new Promise(() => {}), { closeTimeout: 200 })
  tuner.propose({ size: 12 })
  const start = performance.now()
  await tuner.close()
  expect(performance.now() - start).toBeLessThan(50_000)
})

test('an apply that always fails ends in SafeMode, not in a storm, and what is safe is pushed until it arrives', async () => {
  const calls: number[] = []
  let works = false
  const { tuner, clock } = await pool((value) => {
    calls.push(value)
    if (!works) throw new Error('no')
  })
  const arrived: unknown[] = []
  tuner.on('pushed', (event) => arrived.push(event.type))
  const start = performance.now()
  tuner.propose({ size: 12 })
  await until(() => calls.length >= 2)
  for (let i = 0; i < 20; i++) window(tuner, clock)
  await until(() => calls.length >= 4)
  expect((await tuner.explain()).safe_mode?.reason).toBe('push-failed')
  expect(calls.slice(0, 4)).toEqual([12, 10, 10, 10])
  // At 0, then 200, 600, 1400... ms after the failure of what is safe, or later: as many as the time that passed has room for.
  const passed = performance.now() - start
  expect(calls.length).toBeLessThanOrEqual(2 + Math.floor(Math.log2((passed + 10) / 200 + 1)))
  works = true
  await until(() => arrived.length === 1)
  expect(calls.at(-1)).toBe(10)
  const most = calls.length
  await sleep(300)
  expect(calls.length).toBe(most)
  await tuner.close()
})

test('a push that fails late is not held against the values that came after it', async () => {
  const calls: number[] = []
  let fail: (() => void) | undefined
  const { tuner, clock } = await pool((value) => {
    calls.push(value)
    if (value === 12)
      return new Promise<void>((_, reject) => {
        fail = () => reject(new Error('late'))
      })
  })
  const outcomes: unknown[] = []
  for (const name of ['pushed', 'pushFailed'] as const)
    tuner.on(name, (event) => outcomes.push([event.type, event.payload.pushed_generation]))
  tuner.propose({ size: 12 })
  await until(() => fail !== undefined)
  tuner.enterSafeMode()
  const { generation } = await tuner.explain()
  expect(tuner.knobs.size).toBe(10)
  fail?.()
  await until(() => outcomes.length === 2)
  expect(outcomes).toEqual([
    ['pushFailed', generation - 1],
    ['pushed', generation],
  ])
  expect(calls).toEqual([12, 10])
  expect((await tuner.explain()).safe_mode?.reason).toBe('by-hand')
  // The core waits for nothing: windows count.
  tuner.acknowledge()
  clock.advance(5000)
  const before = (await tuner.explain()).valid_windows
  for (let i = 0; i < 20; i++) {
    window(tuner, clock)
    await sleep(1)
  }
  expect((await tuner.explain()).valid_windows).toBeGreaterThan(before)
  await tuner.close()
})

test('values that came back before a push are reported as pushed', () => {
  const told: unknown[] = []
  const knobs = [{ name: 'size', index: 0, apply: () => expect.unreachable() }] as unknown as ResolvedKnob[]
  const pusher = new Pusher(knobs, 1000, {
    values: Float64Array.of(10),
    generation: () => 3,
    pushed: (generation, ok) => told.push([generation, ok]),
    failed: () => expect.unreachable(),
  })
  pusher.sync()
  expect(told).toEqual([])
  pusher.sync(true)
  expect(told).toEqual([[3, true]])
})

test('a periodic knob at its upper bound starts at the lower one, which is the same place', async () => {
  const { tuner } = await cacheTuner({
    knobs: { phase: knob.number({ min: 0, max: 360, initial: 360, scale: 'periodic' }) },
  })
  const { knobs } = await tuner.explain()
  expect(tuner.snapshot().values).toEqual({ phase: knobs[0]?.value })
  await tuner.close()
})
