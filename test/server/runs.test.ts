/** Journals of several runs, and of one whose beginning is gone. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { serveJournals } from '../../ts/cli/serve/serve.js'
import { folder, until } from '../support/folder.js'
import { cacheTuner, window } from '../support/tuners.js'

async function served(source: string) {
  const one = await serveJournals({
    ...{ source, name: undefined, port: 0, host: '127.0.0.1', control: undefined, tokenFile: undefined },
    ...{ hosts: [], operations: undefined, points: 4096 },
  })
  onTestFinished(() => one.close())
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  return async (at: string): Promise<any> => (await fetch(`${one.url}api/v1/${at}`)).json()
}

test('changes are paged across runs, whose sequence numbers begin anew', async () => {
  const path = folder()
  for (let run = 0; run < 3; run++) {
    const { tuner, clock } = await cacheTuner({ journal: path, runId: `run-${run}` })
    for (let i = 0; i < 8; i++) window(tuner, clock)
    tuner.freeze('ttl')
    await tuner.close()
  }
  const get = await served(path)
  await expect.poll(async () => (await get('tuners/catalog')).runId).toBe('run-2')
  await expect.poll(async () => (await get('tuners/catalog')).ended).toBe(true)
  const { changes: all } = await get('tuners/catalog/changes?limit=1000')
  const key = ({ runId, seq }: { runId: string; seq: number }): string => `${runId} ${seq}`
  expect(new Set(all.map(key)).size).toBe(all.length)
  const paged: { runId: string; seq: number }[] = []
  for (;;) {
    const last = paged.at(-1)
    const from = last === undefined ? '' : `&before=${last.seq}&run=${last.runId}`
    const { changes } = await get(`tuners/catalog/changes?limit=4${from}`)
    if (changes.length === 0) break
    paged.push(...changes)
  }
  expect(paged.map(key)).toEqual(all.map(key))
  // Without a run it stays within the present one.
  const { changes: present } = await get('tuners/catalog/changes?limit=1000&before=1000000')
  expect(new Set(present.map(({ runId }: { runId: string }) => runId))).toEqual(new Set(['run-2']))
  expect((await get('tuners/catalog/changes?before=3&run=nobody')).changes).toEqual([])
})

test('a run that has just begun has no window yet, and nothing of the one before', async () => {
  const path = folder()
  for (const [run, windows] of [8, 0].entries()) {
    const { tuner, clock } = await cacheTuner({ journal: path, runId: `run-${run}` })
    for (let i = 0; i < windows; i++) window(tuner, clock)
    await tuner.close()
  }
  const get = await served(path)
  // The run before has ended, too.
  await expect.poll(async () => (await get('tuners/catalog')).runId).toBe('run-1')
  await expect.poll(async () => (await get('tuners/catalog')).ended).toBe(true)
  const state = await get('tuners/catalog')
  expect(state).toMatchObject({ runId: 'run-1', window: null, objective: { last: null, mean: null, windows: 0 } })
  expect((await get('tuners/catalog/series')).points).toBe(8)
})

test('a journal whose first segment was pruned is served, by the copy of its first entry', async () => {
  const path = folder()
  const { tuner, clock } = await cacheTuner({ journal: { folder: path, maxBytes: 65_536, keep: 2, sync: 0 } })
  for (let i = 0; i < 900 && (i < 50 || existsSync(join(path, 'catalog-1.jsonl'))); i++) {
    window(tuner, clock)
    if (i % 20 === 0) await until(() => tuner.journal.stats.written === tuner.journal.stats.taken)
  }
  expect([existsSync(join(path, 'catalog-1.jsonl')), existsSync(join(path, 'catalog.start.json'))]).toEqual([
    false,
    true,
  ])
  const known = await tuner.explain()
  await tuner.close()
  const get = await served(path)
  await expect.poll(async () => (await get('tuners/catalog')).ended).toBe(true)
  const state = await get('tuners/catalog')
  expect(state).toMatchObject({ runId: 'test-run', source: 'journal', guardrails: { preset: 'balanced' } })
  expect(state.windows).toBeGreaterThan(20)
  expect(state.windows).toBeLessThan(known.windows)
  for (const [i, { name, initial, certified }] of known.knobs.entries())
    expect(state.knobs[i]).toMatchObject({ name, initial, ...(state.knobs[i].certified !== null && { certified }) })
})
