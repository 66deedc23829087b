/** `homeostat serve`: journals of other processes, followed as they grow. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type ServeOptions, serveJournals } from '../../ts/cli/serve/serve.js'
import { verifyJournal } from '../../ts/entries/node.js'
import { folder, sleep, until } from '../support/folder.js'
import { cacheTuner, window } from '../support/tuners.js'

async function served(path: string, more: Partial<ServeOptions> = {}) {
  const one = await serveJournals({
    source: path,
    name: undefined,
    port: 0,
    host: '127.0.0.1',
    control: undefined,
    tokenFile: undefined,
    hosts: [],
    operations: undefined,
    points: 4096,
    ...more,
  })
  onTestFinished(() => one.close())
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  const get = async (at: string): Promise<any> => (await fetch(`${one.url}api/v1/${at}`)).json()
  const post = (body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${one.url}api/v1/tuners/catalog/commands`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
  return { ...one, get, post }
}

test('a run that goes on is followed: state, changes and history are those of the run', async () => {
  const path = folder()
  const { tuner, clock } = await cacheTuner({ journal: { folder: path, maxBytes: 65_536, sync: 0 } })
  for (let i = 0; i < 40; i++) window(tuner, clock)
  await until(() => tuner.journal.stats.written === tuner.journal.stats.taken)
  const { get, tuners, url } = await served(path)
  expect(tuners).toEqual(['catalog'])
  await expect.poll(async () => (await get('tuners/catalog')).windows).toBe(40)
  const before = await get('tuners/catalog')
  expect(before).toMatchObject({ source: 'journal', runId: 'test-run', mode: 'auto', windows: 40, failure: null })
  const known = await tuner.explain()
  for (const [i, { value, baseline, certified }] of known.knobs.entries())
    expect(before.knobs[i]).toMatchObject({ value, certified, baseline: expect.closeTo(baseline, 0) })

  // Past the end of its segment, and with what a person did.
  tuner.freeze('ttl')
  tuner.enterSafeMode()
  for (let i = 0; i < 300; i++) window(tuner, clock)
  await until(() => tuner.journal.stats.written === tuner.journal.stats.taken)
  await expect.poll(async () => (await get('tuners/catalog')).windows).toBe(340)
  const after = await get('tuners/catalog')
  expect(after.safeModeEntries).toBe(1)
  expect(after.knobs.map(({ frozen }: { frozen: boolean }) => frozen)).toEqual([true, false])
  expect((await get('tuners/catalog/changes?type=frozen')).changes).toHaveLength(1)
  const { atMs, points } = await get('tuners/catalog/history?series=objective,knob.ttl&buckets=50')
  expect([points, atMs.length]).toEqual([340, 50])
  // A quarter of a second a window.
  expect(atMs.at(-1) - atMs[0]).toBeGreaterThan(330 * 250 - 250 * 14)
  await tuner.close()
  await expect.poll(async () => (await get('tuners/catalog')).ended).toBe(true)
  expect((await (await fetch(`${url}health`)).json()).status).not.toBe('failed')
})

test('runs follow one another', async () => {
  const path = folder()
  for (let run = 0; run < 3; run++) {
    const { tuner, clock } = await cacheTuner({ journal: path, runId: `run-${run}` })
    for (let i = 0; i < 5; i++) window(tuner, clock)
    await tuner.close()
  }
  const { get } = await served(path)
  await expect.poll(() => get('tuners/catalog')).toMatchObject({ runId: 'run-2', windows: 15 })
  const { atMs } = await get('tuners/catalog/history')
  expect(atMs).toHaveLength(15)
  expect(atMs).toEqual([...atMs].sort((a, b) => a - b))
  expect(Math.abs(atMs.at(-1) - Date.now())).toBeLessThan(600_000)
})

test('from elsewhere there is the kill switch, where its file is named; it is journaled', async () => {
  const path = folder()
  const { tuner, clock } = await cacheTuner({ journal: path })
  window(tuner, clock)
  await tuner.close()
  const operations = join(folder(), 'operations')
  const control = join(folder(), 'control')
  const one = await served(path, { control, operations })
  expect((await one.post({ command: 'control', word: 'off' })).status).toBe(200)
  expect(readFileSync(control, 'utf8')).toBe('off\n')
  const refused = await one.post({ command: 'rollback' }, { 'if-match': '*' })
  expect(refused.status).toBe(409)
  expect(await refused.json()).toMatchObject({ violation: 'not-here' })
  await one.close()
  const bytes = readFileSync(join(operations, 'operations-1.jsonl'))
  expect(await verifyJournal([bytes])).toMatchObject({ ok: true, entries: 5 })
  const none = await served(path)
  expect((await none.get('tuners/catalog/commands')).commands).toEqual([])
  expect((await none.post({ command: 'control', word: 'off' })).status).toBe(409)
})

test('elsewhere than on loopback it needs tokens; from a file they are obeyed', async () => {
  const path = folder()
  const { tuner, clock } = await cacheTuner({ journal: path })
  window(tuner, clock)
  await tuner.close()
  await expect(served(path, { host: '0.0.0.0' })).rejects.toMatchObject({ option: 'host' })
  const tokenFile = join(folder(), 'tokens')
  writeFileSync(tokenFile, '# who may\nada operate 0123456789abcdef01234567\n', { mode: 0o600 })
  const { port } = await served(path, { host: '0.0.0.0', tokenFile })
  const status = async (token?: string) =>
    (
      await fetch(
        `http://127.0.0.1:${port}/api/v1/state`,
        token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } },
      )
    ).status
  expect([await status(), await status('0123456789abcdef01234567')]).toEqual([401, 200])
  writeFileSync(tokenFile, 'ada operate short\n')
  await expect(served(path, { tokenFile })).rejects.toMatchObject({ code: 'HOMEOSTAT_INVALID_OPTION' })
})

test('a token that is given out or withdrawn in the file is so without a restart', async () => {
  const path = folder()
  const { tuner } = await cacheTuner({ journal: path })
  await tuner.close()
  const tokenFile = join(folder(), 'tokens')
  const [ada, bob] = ['0123456789abcdef01234567', '89abcdef0123456701234567']
  const write = (text: string) => writeFileSync(tokenFile, text, { mode: 0o600 })
  write(`ada operate ${ada}\n`)
  const { url } = await served(path, { tokenFile })
  const status = async (token: string) =>
    (await fetch(`${url}api/v1`, { headers: { authorization: `Bearer ${token}` } })).status
  expect([await status(ada), await status(bob)]).toEqual([200, 401])
  // What is no list of tokens, or an empty one, changes nothing.
  for (const text of ['ada operate short\n', '# nobody\n']) {
    write(text)
    await sleep(1500)
    expect(await status(ada)).toBe(200)
  }
  write(`bob read ${bob}, cat read ${'c'.repeat(24)}\n`)
  // Wrong tokens are counted, and too many are refused: asked now and then only.
  await expect.poll(() => status(bob), { interval: 500 }).toBe(200)
  expect(await status(ada)).toBe(401)
})

test('it waits for the first journal, and shows those of other tuners as they come', async () => {
  const path = join(folder(), 'journals')
  const { url, get } = await served(path)
  expect((await get('tuners')).tuners).toEqual([])
  const names = async () => (await get('tuners')).tuners.map(({ name }: { name: string }) => name)
  const first = await cacheTuner({ journal: path })
  window(first.tuner, first.clock)
  await expect.poll(names).toEqual(['catalog'])
  const second = await cacheTuner({ journal: path, name: 'search' })
  for (let i = 0; i < 3; i++) window(second.tuner, second.clock)
  await expect.poll(names).toEqual(['catalog', 'search'])
  await expect.poll(async () => (await get('tuners/search')).windows).toBe(3)
  const metrics = await (await fetch(`${url}metrics`)).text()
  expect(metrics).toContain('homeostat_changes_total{tuner="search",type="rolledBack"} 0\n')
  await Promise.all([first.tuner.close(), second.tuner.close()])
})

test('a folder that is away for a while ends nothing: what was read stays, and what was written meanwhile follows', async () => {
  const path = join(folder(), 'journals')
  const { tuner, clock } = await cacheTuner({ journal: { folder: path, sync: 0 } })
  const pass = async (windows: number) => {
    for (let i = 0; i < windows; i++) window(tuner, clock)
    await until(() => tuner.journal.stats.written === tuner.journal.stats.taken)
  }
  await pass(10)
  const { get } = await served(path)
  await expect.poll(async () => (await get('tuners/catalog')).windows).toBe(10)
  renameSync(path, `${path}.away`)
  await pass(5)
  // Two rounds of following, and one of looking for others.
  await sleep(2500)
  expect((await get('tuners/catalog')).windows).toBe(10)
  renameSync(`${path}.away`, path)
  await expect.poll(async () => (await get('tuners/catalog')).windows).toBe(15)
  await tuner.close()
})
