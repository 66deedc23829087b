/** A tuner's journal and a solver's study in a store. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { knob, replayJournal, verifyJournal } from '../../ts/entries/node.js'
import { createSolver, minimize, ready } from '../../ts/entries/solver/node.js'
import type { Storage } from '../../ts/storage/node/index.js'
import { cacheTuner, window } from '../support/tuners.js'
import { PERSISTENT, SUBJECTS, type Subject } from './support/stores.js'

describe.each([['memory', undefined] as const, ...PERSISTENT])('%s', (kind, missing) => {
  let subject: Subject
  let storage: Storage
  beforeEach(async ({ skip }) => {
    if (missing !== undefined) skip(missing)
    subject = await SUBJECTS[kind]()
    storage = await subject.open()
  })
  afterEach(async () => {
    await storage?.close()
    subject?.remove()
  })

  test('the journal verifies and replays to the same bytes, over several runs', async () => {
    for (const runId of ['one', 'two']) {
      const { tuner, clock } = await cacheTuner({ storage, runId })
      for (let i = 0; i < 60; i++) window(tuner, clock, i % 7 === 0 ? 0.5 : 0.3)
      const values = { ...tuner.knobs }
      await tuner.close()
      expect(tuner.journal.stats).toMatchObject({ dropped: 0, failures: 0, unclean: 0 })
      const state = await storage.tuners.get('catalog', 'catalog')
      expect(state?.value).toMatchObject({ runId, values, mode: 'auto', control: 'on', safeMode: null, stopped: true })
    }
    const verified = await verifyJournal(storage.journals.read('catalog'))
    expect(verified).toMatchObject({ ok: true, runs: 2 })
    expect(await storage.journals.verify('catalog')).toEqual({ ok: true, entries: verified.entries })
    expect(await replayJournal(storage.journals.read('catalog'))).toMatchObject({ ok: true, entries: verified.entries })
  })

  test('one process per log, and logs of their own for several', async () => {
    const { tuner } = await cacheTuner({ storage })
    await expect(cacheTuner({ storage })).rejects.toMatchObject({ code: 'HOMEOSTAT_STORAGE_LOCKED' })
    const other = await cacheTuner({ storage: { store: storage, log: 'catalog:2', batch: '10ms' } })
    await Promise.all([tuner.close(), other.tuner.close()])
    expect((await storage.journals.list()).map(({ name, held }) => [name, held])).toEqual([
      ['catalog', false],
      ['catalog:2', false],
    ])
    expect(await storage.tuners.list({ scope: 'catalog' })).toHaveLength(2)
  })

  test('a study goes on from a store, and only the same study', async () => {
    const space = { x: knob.number({ min: -5, max: 5 }), y: knob.number({ min: -5, max: 5 }) }
    const evaluate = ({ x, y }: { x: number; y: number }) => (x - 1) ** 2 + (y + 2) ** 2
    const checkpoint = () => storage.studies.checkpoint('fit')
    const run = (more: object = {}) =>
      minimize(evaluate, { space, budget: 20, seed: 3, checkpoint: checkpoint(), ...more })
    const stop = new AbortController()
    let told = 0
    await run({ signal: stop.signal, onProgress: () => ++told === 8 && stop.abort() })
    expect((await storage.studies.info('fit'))?.next).toBeLessThan(25)
    const best = await run()
    expect(best.study).toBe((await minimize(evaluate, { space, budget: 20, seed: 3 })).study)
    await expect(run({ seed: 4 })).rejects.toMatchObject({ code: 'HOMEOSTAT_STUDY_CONFIG' })
    // Whoever was refused does not hold it.
    const text = await checkpoint().load()
    expect(text).toBe(best.study)
    expect((await storage.studies.verify('fit')).ok).toBe(true)
    await ready()
    const solver = createSolver({ space, seed: 3, restore: text as string })
    expect(solver.best()?.value).toBe(best.value)
    solver.close()
  })
})

test('options that cannot be meant', async () => {
  const storage = await (await SUBJECTS.memory()).open()
  const wrong = { code: 'HOMEOSTAT_INVALID_OPTION' }
  await expect(cacheTuner({ storage, journal: '/nowhere' })).rejects.toMatchObject({ ...wrong, option: 'storage' })
  await expect(cacheTuner({ storage: {} })).rejects.toMatchObject({ ...wrong, option: 'storage.store' })
  await expect(cacheTuner({ storage: 'sqlite:x.db' })).rejects.toMatchObject({ ...wrong, option: 'storage' })
  await expect(cacheTuner({ storage: { store: storage, keep: 1 } })).rejects.toMatchObject(wrong)
  const unknown = { code: 'HOMEOSTAT_UNKNOWN_OPTION' }
  await expect(cacheTuner({ storage: { store: storage, logs: 'x' } })).rejects.toMatchObject(unknown)
})
