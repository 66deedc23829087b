/** Idempotency keys that a store keeps: known after a restart, to every server of the store, and never in the way. */
import { afterEach, expect, test } from 'vitest'
import { memoryBackend, memoryData } from '../../ts/storage/memory.js'
import { createStorage } from '../../ts/storage/storage.js'
import { ask } from './support/ask.js'
import { alone, closeAll, type Mounted } from './support/mounted.js'
import { plant } from './support/plant.js'

afterEach(closeAll)

const path = '/api/v1/tuners/catalog/commands'
const MODE = { command: 'mode', mode: 'observe' }
const sent = (at: Mounted, body: object, key: string, match = '*') =>
  ask(at, { method: 'POST', path, body, headers: { 'idempotency-key': key, 'if-match': match } })
const count = async (at: Mounted): Promise<number> =>
  (await ask(at, { path: '/api/v1/operations' })).json.operations.length

test('the first answer comes again after a restart, and nothing is done twice', async () => {
  const data = memoryData()
  const made = await plant(1)
  const first = await alone({ ...made.options, storage: createStorage(memoryBackend(data)) })
  const answer = await sent(first, MODE, 'k1')
  expect(answer.status).toBe(200)
  await first.close()
  made.tuner.setMode('auto')
  const second = await alone({ ...made.options, storage: createStorage(memoryBackend(data)) })
  const again = await sent(second, MODE, 'k1')
  expect([again.status, again.headers.get('idempotency-replayed'), again.json]).toEqual([200, 'true', answer.json])
  expect([made.tuner.mode, await count(second)]).toEqual(['auto', 0])
  // The key is of that request alone; another one is done.
  expect((await sent(second, { command: 'mode', mode: 'recommend' }, 'k1')).status).toBe(422)
  expect((await sent(second, MODE, 'k2')).status).toBe(200)
  expect(made.tuner.mode).toBe('observe')
  // What was refused may be asked again: only what came of it is kept.
  expect((await sent(second, MODE, 'k3', '"0000000000000000"')).status).toBe(412)
  expect((await sent(second, MODE, 'k3', '"0000000000000000"')).status).toBe(412)
})

test('what another server of the store does now is not done here too; what one that ended left is', async () => {
  const storage = createStorage(memoryBackend(memoryData()))
  const made = await plant(1)
  const at = await alone({ ...made.options, storage })
  const fingerprint = `tuner catalog\n*\n${JSON.stringify(MODE)}`
  const begun = (atMs: number) =>
    storage.answers.put('(loopback)', 'k1', { fingerprint, runId: 'another', atMs, answer: null })
  await begun(Date.now())
  expect((await sent(at, MODE, 'k1')).status).toBe(409)
  expect(made.tuner.mode).toBe('auto')
  await begun(Date.now() - 120_000)
  expect((await sent(at, MODE, 'k1')).status).toBe(200)
  expect((await storage.answers.get('(loopback)', 'k1'))?.value.answer?.status).toBe(200)
})

test('a store that is away holds nothing up, least of all what protects', async () => {
  const made = await plant(1)
  let asked = 0
  const away = new Proxy({} as never, {
    get: () => () => {
      asked++
      return new Promise(() => {})
    },
  })
  const at = await alone({ ...made.options, storage: { answers: away } })
  expect((await sent(at, { command: 'freeze' }, 'k1')).status).toBe(200)
  expect(asked).toBe(0)
  expect((await sent(at, MODE, 'k2')).status).toBe(200)
  expect(asked).toBeGreaterThan(0)
  expect((await sent(at, MODE, 'k2')).headers.get('idempotency-replayed')).toBe('true')
  await expect(alone({ ...made.options, storage: {} as never })).rejects.toMatchObject({ option: 'storage' })
})
