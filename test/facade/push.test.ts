import { expect, test } from 'vitest'
import { type ApplyContext, knob } from '../../ts/entries/node.js'
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
  expect(performance.now() - start).toBeLessThan(1000)
})

test('an apply that always fails ends in SafeMode, not in a storm', async () => {
  let calls = 0
  const { tuner, clock } = await pool(() => {
    calls++
    throw new Error('no')
  })
  tuner.propose({ size: 12 })
  await until(() => calls >= 2)
  await sleep(50)
  for (let i = 0; i < 20; i++) window(tuner, clock)
  await sleep(50)
  expect((await tuner.explain()).safe_mode?.reason).toBe('push-failed')
  expect(calls).toBe(2)
  await tuner.close()
})
