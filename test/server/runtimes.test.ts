/** Where nothing can be listened at, requests are handed over. */
import { expect, test } from 'vitest'
import { server } from '../../ts/entries/server/workerd.js'
import { plant, TOKENS, tokens } from './support/plant.js'

test('on the edge there is fetch(), and listen() says so', async () => {
  const { options } = await plant(1)
  const operations = await server({ ...options, tokens, base: '/ops' })
  await expect(operations.listen()).rejects.toMatchObject({ code: 'HOMEOSTAT_UNSUPPORTED' })
  const ask = (path: string, headers: Record<string, string> = {}) =>
    operations.fetch(new Request(`https://127.0.0.1${path}`, { headers }))
  expect((await ask('/ops/api/v1/state')).status).toBe(401)
  expect((await ask('/ops/api/v1/state', { authorization: `Bearer ${TOKENS.reader}` })).status).toBe(200)
  expect((await ask('/api/v1/state', { authorization: `Bearer ${TOKENS.reader}` })).status).toBe(404)
  await expect(server({ journal: './somewhere' })).rejects.toMatchObject({ code: 'HOMEOSTAT_UNSUPPORTED' })
  await operations.close()
})

test('options that cannot be meant are refused with their name', async () => {
  const { options } = await plant()
  const [tuner] = options.tuners ?? []
  for (const [given, option] of [
    [{ tuner }, 'server.tuner'],
    [{ tuners: [{}] }, 'tuners'],
    [{ reflex: {} }, 'reflex'],
    [{ queues: { mail: {} } }, 'queues.mail'],
    [{ sections: { x: 1 } }, 'sections.x'],
    [{ base: 'ops' }, 'base'],
    [{ base: '/ops/' }, 'base'],
    [{ base: '/../ops' }, 'base'],
    [{ hosts: ['https://ops'] }, 'hosts'],
    [{ origins: ['*'] }, 'origins'],
    [{ points: 5 }, 'points'],
    [{ bodyMax: 1 }, 'bodyMax'],
    [{ bodyTimeout: '1h' }, 'bodyTimeout'],
    [{ loopback: 'yes' }, 'loopback'],
    [{ journal: { memory: 1 } }, 'journal.memory'],
  ] as const)
    await expect(server(given as never)).rejects.toMatchObject({ option })
  await expect(server({ tuners: [tuner as never, tuner as never] })).rejects.toMatchObject({
    code: 'HOMEOSTAT_DUPLICATE_NAME',
  })
})
