/** Parts of the state that an application adds: none of them holds up or breaks what else is told. */
import { afterEach, expect, test } from 'vitest'
import { Sections } from '../../ts/server/sections.js'
import { ask } from './support/ask.js'
import { alone, closeAll } from './support/mounted.js'
import { plant, TOKENS, tokens } from './support/plant.js'

afterEach(closeAll)

const never = () => new Promise<never>(() => {})

function circle(): object {
  const one: { self?: object } = {}
  one.self = one
  return one
}

test('what a section may give, and what is shown instead', async () => {
  const sections = new Sections(
    new Map<string, () => unknown>([
      ['none', () => undefined],
      ['count', () => ({ rows: 12n, large: 2n ** 64n })],
      ['date', () => ({ at: new Date(0), gone: undefined, figure: Number.NaN })],
      ['circle', circle],
      ['function', () => () => 1],
      ['large', () => 'x'.repeat(1 << 20)],
      ['thrown', () => Promise.reject('away')],
      ['odd', () => Promise.reject(Object.create(null))],
      ['hung', never],
      ['told', () => ({ error: 'its own', value: 1 })],
    ]),
    50,
  )
  expect(await sections.read()).toEqual({
    none: null,
    count: { rows: 12, large: '18446744073709551616' },
    date: { at: '1970-01-01T00:00:00.000Z', figure: null },
    circle: { error: expect.stringMatching(/circular/i) },
    function: { error: 'it is no JSON' },
    large: { error: 'it has more than 1048576 characters of JSON' },
    thrown: { error: 'away' },
    odd: { error: 'it failed' },
    hung: { error: 'no answer within 50 ms' },
    told: { error: 'its own', value: 1 },
  })
})

test('one that does not answer is asked once, and again when it did', async () => {
  let [asked, answer] = [0, (_: unknown): void => {}]
  const section = () => {
    asked++
    return new Promise((resolve) => {
      answer = resolve
    })
  }
  const sections = new Sections(new Map([['slow', section]]), 20)
  for (let i = 0; i < 3; i++) expect((await sections.read()).slow).toEqual({ error: 'no answer within 20 ms' })
  expect(asked).toBe(1)
  answer(1)
  await expect
    .poll(async () => {
      await sections.read()
      return asked
    })
    .toBe(2)
  answer(2)
})

test('with sections that hang or cannot be told everything else answers', async () => {
  const { options } = await plant(2)
  const sections = { hung: never, circle, count: () => ({ rows: 3n }) }
  const at = await alone({ ...options, tokens, stateInterval: 50, sections })
  const token = TOKENS.reader
  expect((await ask(at, { path: '/health' })).status).toBe(200)
  for (const path of ['/metrics', '/api/v1', '/api/v1/tuners', '/api/v1/tuners/catalog'])
    expect([path, (await ask(at, { path, token })).status]).toEqual([path, 200])
  const state = await ask(at, { path: '/api/v1/state', token })
  expect(state.status).toBe(200)
  expect(state.json.sections).toMatchObject({ count: { rows: 3 }, hung: { error: 'no answer within 500 ms' } })
  expect(state.json.tuners).toHaveLength(1)
  const events = await fetch(`http://127.0.0.1:${at.port}/api/v1/events`, {
    headers: { authorization: `Bearer ${token}` },
  })
  let told = ''
  for await (const part of events.body as unknown as AsyncIterable<Uint8Array>) {
    told += new TextDecoder().decode(part)
    if (told.includes('event: state')) break
  }
  expect(told).toContain('no answer within')
})

test('what nobody needs a token for names nothing, and costs the same however often it is asked', async () => {
  const { options, tuner } = await plant(2)
  let [asked, explained] = [0, 0]
  const explain = tuner.explain.bind(tuner)
  tuner.explain = (...all: Parameters<typeof explain>) => {
    explained++
    return explain(...all)
  }
  const at = await alone({ ...options, tokens, sections: { costly: () => asked++ } })
  const document = await ask(at, { path: '/api/v1/openapi.json' })
  expect(document.status).toBe(200)
  for (const name of ['catalog', 'database']) expect(document.body).not.toContain(name)
  expect(JSON.stringify(at.operations.openapi)).toContain('"enum":["catalog"]')
  const started = performance.now()
  let requests = 0
  while (requests < 200 && performance.now() - started < 5000) {
    await Promise.all(Array.from({ length: 20 }, () => ask(at, { path: '/health' })))
    requests += 20
  }
  expect(asked).toBe(0)
  expect(explained).toBeLessThanOrEqual(2 + (performance.now() - started) / 1000)
})
