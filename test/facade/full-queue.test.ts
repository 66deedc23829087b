import { expect, test } from 'vitest'
import { cacheTuner, window } from '../support/tuners.js'

/** A tuner whose sink takes nothing, with a full queue. */
async function full() {
  const sink = {
    path: undefined,
    failure: undefined,
    stats: { taken: 0, written: 0, dropped: 0, failures: 0, torn: 0 },
    space: 1e9,
    room: () => sink.space,
    write() {},
    async close() {},
  }
  const made = await cacheTuner({ journal: sink, journalQueue: 64 })
  const { tuner, clock } = made
  const core = async () => {
    const { mode, control, safe_mode, knobs } = await tuner.explain()
    return { mode, control, safe: safe_mode !== null, frozen: knobs.map((knob) => knob.frozen) }
  }
  const fill = async () => {
    sink.space = 0
    for (let i = 0; i < 120; i++) window(tuner, clock)
    expect((await tuner.explain()).safe_mode?.reason).toBe('audit-queue-full')
  }
  const drain = () => {
    sink.space = 1e9
    for (let i = 0; i < 3; i++) window(tuner, clock)
  }
  return { ...made, core, fill, drain }
}

const dropped = { ok: false, violation: 'audit-queue-full' }

test('a kill switch that is let go while the queue is full says what holds, and lets go when there is room', async () => {
  const { tuner, core, fill, drain } = await full()
  await fill()
  const troubles: string[] = []
  tuner.on('trouble', (event) => troubles.push(event.code))
  expect(tuner.control('freeze')).toBe('freeze')
  expect(tuner.control('on')).toBe('freeze')
  expect(troubles).toEqual(['HOMEOSTAT_CONTROL_PENDING'])
  expect((await core()).control).toBe('freeze')
  drain()
  expect((await core()).control).toBe('on')
  expect(tuner.controlWord).toBe('on')
  expect(tuner.control('off')).toBe('off')
  expect((await core()).control).toBe('off')
  await tuner.close()
})

test('what the core drops is a refusal, and the tuner says what the core says', async () => {
  const { tuner, core, fill, drain } = await full()
  tuner.setMode('observe')
  tuner.freeze('ttl')
  await fill()
  expect(tuner.setMode('auto')).toEqual(dropped)
  expect(tuner.mode).toBe('observe')
  expect(tuner.unfreeze()).toEqual(dropped)
  expect(tuner.unfreeze('ttl')).toEqual(dropped)
  expect(tuner.unfreeze('concurrency')).toEqual({ ok: true })
  expect(tuner.acknowledge()).toEqual(dropped)
  expect(tuner.freeze('concurrency')).toEqual({ ok: true })
  expect(await core()).toEqual({ mode: 'observe', control: 'on', safe: true, frozen: [true, true] })
  drain()
  expect(tuner.setMode('auto')).toEqual({ ok: true })
  expect(tuner.unfreeze('ttl')).toEqual({ ok: true })
  expect(tuner.unfreeze()).toEqual({ ok: true })
  expect(tuner.acknowledge()).toEqual({ ok: true })
  expect(tuner.mode).toBe('auto')
  expect(await core()).toEqual({ mode: 'auto', control: 'on', safe: false, frozen: [false, false] })
  await tuner.close()
})
