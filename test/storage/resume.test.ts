/** A tuner with a store goes on where the run before stood, within its guardrails; what an operator held stays held. */
import { expect, test } from 'vitest'
import { replayJournal, verifyJournal } from '../../ts/entries/node.js'
import type { TunerEvent } from '../../ts/tuner/events.js'
import { unitOf } from '../../ts/tuner/scale.js'
import { cacheTuner, window } from '../support/tuners.js'
import { SUBJECTS } from './support/stores.js'

type Made = Awaited<ReturnType<typeof cacheTuner>>

const RANGE = { scale: 'log', min: 30_000, max: 900_000 } as const
const ttlOf = ({ tuner }: Made): number => unitOf(RANGE, tuner.knobs.ttl)

/** Steps of the ttl by hand to a share of the range, and time to certify it. */
async function movedTo(made: Made, unit: number): Promise<number> {
  const { tuner, clock } = made
  for (let i = 0; i < 40 && Math.abs(ttlOf(made) - unit) > 0.01; i++) {
    const next = ttlOf(made) + Math.max(-0.09, Math.min(0.09, unit - ttlOf(made)))
    clock.advance(120)
    tuner.propose({ ttl: 30_000 * 30 ** next })
    for (let k = 0; k < 10; k++) window(tuner, clock)
  }
  for (let k = 0; k < 60; k++) window(tuner, clock)
  return unitOf(RANGE, (await tuner.explain()).knobs[0]?.certified ?? Number.NaN)
}

async function stored() {
  const subject = await SUBJECTS.memory()
  return subject.open()
}

test('the certified values are a candidate: the knobs go there in steps, all of them within the guardrails', async () => {
  const storage = await stored()
  const first = await cacheTuner({ storage })
  const initial = ttlOf(first)
  const certified = await movedTo(first, 0.2)
  expect(Math.abs(certified - 0.2)).toBeLessThan(0.1)
  await first.tuner.close()

  const second = await cacheTuner({ storage, runId: 'second' })
  // At the start the values are the initial ones: nothing is changed before it is watched.
  expect(ttlOf(second)).toBeCloseTo(initial, 9)
  const steps: TunerEvent[] = []
  second.tuner.on('applied', (event) => void (event.payload.kind === 'operator' && steps.push(event)))
  let before = initial
  for (let i = 0; i < 400 && Math.abs(ttlOf(second) - certified) > 0.03; i++) {
    window(second.tuner, second.clock)
    expect(Math.abs(ttlOf(second) - before)).toBeLessThanOrEqual(0.1 + 1e-9)
    before = ttlOf(second)
  }
  expect(Math.abs(ttlOf(second) - certified)).toBeLessThanOrEqual(0.07)
  expect(steps.length).toBeGreaterThanOrEqual(Math.floor((initial - certified) / 0.1))
  expect((await second.tuner.explain()).safe_mode_entries).toBe(0)
  // The initial values are still where `off` goes.
  second.tuner.control('off')
  expect(ttlOf(second)).toBeCloseTo(initial, 9)
  await second.tuner.close()

  // Both runs are one journal, which verifies and decides the same again.
  expect(await verifyJournal(storage.journals.read('catalog'))).toMatchObject({ ok: true, runs: 2 })
  expect(await replayJournal(storage.journals.read('catalog'))).toMatchObject({ ok: true })
  const starts = await storage.journals.entries('catalog', { events: ['start'] })
  const [one, two] = starts.map(({ line }) => JSON.parse(line))
  expect([one.run_id, two.run_id]).toEqual(['test-run', 'second'])
  const [last] = await storage.journals.entries('catalog', {
    before: starts[1]?.position as number,
    newestFirst: true,
    limit: 1,
  })
  expect(two.payload.previous).toBe(JSON.parse(last?.line as string).hash)
  await storage.close()
})

test.each([
  ['where it is not wanted', { resume: false }, {}],
  ['in a mode that changes nothing', {}, { mode: 'recommend' }],
])('nothing is gone to %s', async (_, kept, more) => {
  const storage = await stored()
  const first = await cacheTuner({ storage })
  await movedTo(first, 0.2)
  await first.tuner.close()
  const { tuner, clock } = await cacheTuner({ storage: { store: storage, ...kept }, ...more })
  let moves = 0
  tuner.on('applied', ({ payload }) => void (payload.kind === 'operator' && moves++))
  for (let i = 0; i < 60; i++) window(tuner, clock)
  expect(moves).toBe(0)
  await tuner.close()
  await storage.close()
})

test('what an operator held is held again, before anything else; what was withdrawn is not', async () => {
  const storage = await stored()
  const first = await cacheTuner({ storage })
  for (let i = 0; i < 10; i++) window(first.tuner, first.clock)
  first.tuner.freeze('ttl')
  first.tuner.freeze('concurrency')
  first.tuner.unfreeze('concurrency')
  first.tuner.setMode('observe')
  first.tuner.enterSafeMode()
  first.tuner.control('freeze')
  await first.tuner.close()
  const second = await cacheTuner({ storage, runId: 'second' })
  const held = await second.tuner.explain()
  expect(held).toMatchObject({ mode: 'observe', control: 'freeze', safe_mode: { reason: 'by-hand' } })
  expect(held.knobs.map(({ frozen }) => frozen)).toEqual([true, false])
  expect([second.tuner.mode, second.tuner.controlWord]).toEqual(['observe', 'freeze'])

  second.tuner.control('on')
  second.tuner.acknowledge()
  second.tuner.setMode('auto')
  second.tuner.unfreeze()
  await second.tuner.close()
  const third = await cacheTuner({ storage, runId: 'third' })
  expect(await third.tuner.explain()).toMatchObject({ mode: 'auto', control: 'on', safe_mode: null })
  await third.tuner.close()
  // A mode of the options is nobody's word: the next run has its own.
  const watching = await cacheTuner({ storage, runId: 'fourth', mode: 'observe' })
  await watching.tuner.close()
  const fifth = await cacheTuner({ storage, runId: 'fifth' })
  expect(fifth.tuner.mode).toBe('auto')
  await fifth.tuner.close()
  await storage.close()
})

test('knobs that are there no more, or whose bounds are others, are left alone', async () => {
  const storage = await stored()
  const state = { runId: 'old', seq: 9, generation: 3, mode: 'auto', control: 'on', safeMode: null, stopped: true }
  const values = { ttl: 10, concurrency: 64, gone: 3 }
  await storage.tuners.put('catalog', 'catalog', { ...state, values, certified: values, frozen: ['gone'] })
  const made = await cacheTuner({ storage })
  const moved = new Set<string>()
  made.tuner.on('applied', ({ payload }) => {
    if (payload.kind !== 'operator') return
    for (const [name, value] of Object.entries(payload.values as object))
      if (value !== { ttl: 300_000, concurrency: 32 }[name]) moved.add(name)
  })
  for (let i = 0; i < 60; i++) window(made.tuner, made.clock)
  expect([...moved]).toContain('concurrency')
  expect((await made.tuner.explain()).knobs[0]?.frozen).toBe(false)
  await made.tuner.close()
  await storage.close()
})
