/** The document is made of what validates; every answer fits it. */
import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import { ROUTES } from '../../ts/server/api/routes.js'
import { PROBLEMS } from '../../ts/server/http/problem.js'
import { faultsOf } from '../../ts/server/schema/check.js'
import type { Schema } from '../../ts/server/schema/schema.js'
import { VERSION } from '../../ts/version.js'
import { ask } from './support/ask.js'
import { alone, closeAll } from './support/mounted.js'
import { plant, TOKENS, tokens } from './support/plant.js'

afterEach(closeAll)

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

test('one version', () => {
  expect(VERSION).toBe((JSON.parse(read('package.json')) as { version: string }).version)
})

test('every answer of every query fits its schema, after there was something to see', async () => {
  const { options, pass, watching } = await plant(3, { mode: 'auto' })
  const at = await alone({
    ...options,
    tokens,
    sections: { fleet: () => [], broken: () => Promise.reject(new Error('away')) },
  })
  pass(60)
  const others = ['orders', 'stock'].map((name) => watching.component(name))
  for (let i = 0; i < 40; i++) for (const one of others) one.fail(one.tryAcquire(0), new Error('down'))
  watching.tick()
  await ask(at, {
    method: 'POST',
    path: '/api/v1/tuners/catalog/commands',
    token: TOKENS.operator,
    body: { command: 'freeze' },
  })
  const values: Readonly<Record<string, string>> = { tuner: 'catalog', component: 'database' }
  for (const route of ROUTES.filter(({ method, answer }) => method === 'GET' && answer.schema !== undefined)) {
    const path = route.path.replace(/\{(\w+)\}/g, (_, name: string) => values[name] as string)
    const { status, json } = await ask(at, { path, token: TOKENS.reader })
    expect([path, status, faultsOf(route.answer.schema as Schema, json)]).toEqual([path, 200, []])
  }
  const { json } = await ask(at, { path: '/api/v1/state', token: TOKENS.reader })
  expect(json.sections.broken).toEqual({ error: 'away' })
  const changes = (
    await ask(at, { path: '/api/v1/tuners/catalog/changes?type=applied,certified&limit=5', token: TOKENS.reader })
  ).json.changes
  expect(changes.length).toBeGreaterThan(0)
  expect(new Set(changes.map(({ type }: { type: string }) => type)).size).toBeLessThanOrEqual(2)
  // An empty name is no name of a type.
  for (const query of ['type=', 'type=applied,', 'type=,'])
    expect([
      query,
      (await ask(at, { path: `/api/v1/tuners/catalog/changes?${query}`, token: TOKENS.reader })).status,
    ]).toEqual([query, 422])
  const applied = changes.filter(({ type }: { type: string }) => type === 'applied')
  expect(applied[0]).toMatchObject({ standing: 'live', kind: expect.any(String), evidence: { verdict: 'approved' } })
  const older = (
    await ask(at, { path: `/api/v1/tuners/catalog/changes?before=${changes.at(-1).seq}`, token: TOKENS.reader })
  ).json.changes
  expect(older.every(({ seq }: { seq: number }) => seq < changes.at(-1).seq)).toBe(true)
  const all = async (more: string) =>
    (await ask(at, { path: `/api/v1/tuners/catalog/changes?limit=1000${more}`, token: TOKENS.reader })).json.changes
  const decided = (await all('')).filter(({ kind }: { kind: string | null }) => kind !== 'probe')
  expect(decided.length).toBeLessThan((await all('&probes=true')).length)
  expect(await all('&probes=false')).toEqual(decided)
  const history = (
    await ask(at, {
      path: '/api/v1/tuners/catalog/history?series=objective,knob.ttl,baseline.ttl&buckets=10',
      token: TOKENS.reader,
    })
  ).json
  expect(Object.keys(history.series)).toEqual(['objective', 'knob.ttl', 'baseline.ttl'])
  expect(history.atMs.length).toBeLessThanOrEqual(10)
  // What was before the server is out of the journal.
  expect(history.points).toBe(63)
})

describe('the document', () => {
  async function document() {
    const { options } = await plant()
    const at = await alone({ ...options, tokens })
    return (await ask(at, { path: '/api/v1/openapi.json' })).json
  }

  test('has every operation, its schema of requests being the one that validates', async () => {
    const { openapi, paths, components } = await document()
    expect(openapi).toBe('3.1.0')
    expect(Object.keys(paths)).toEqual([...new Set(ROUTES.map(({ path }) => path))])
    const command = paths['/api/v1/tuners/{tuner}/commands'].post
    expect(command.requestBody.content['application/json'].schema).toEqual({
      $ref: '#/components/schemas/TunerCommand',
    })
    expect(components.schemas.TunerCommand.oneOf).toHaveLength(9)
    for (const status of [400, 401, 403, 404, 408, 409, 412, 413, 415, 421, 422, 428, 429, 500, 503])
      expect(command.responses).toHaveProperty(`${status}`)
    // Every reference leads somewhere.
    const text = JSON.stringify({ paths, components })
    for (const [, name] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g))
      expect(components.schemas).toHaveProperty(name as string)
    const ids = ROUTES.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('queries change nothing: only POST needs the role to operate', () => {
    for (const { method, role } of ROUTES) expect(role === 'operate').toBe(method === 'POST')
  })
})

test('every problem that the code raises is in the table, and the other way round', () => {
  const sources = [
    'server.ts',
    'core.ts',
    'http/answer.ts',
    'http/body.ts',
    'http/guard.ts',
    'http/idempotency.ts',
    'http/kept-answers.ts',
    'http/query.ts',
    'http/tokens.ts',
    'audit/operations.ts',
    'api/routes.ts',
    'api/command-routes.ts',
    'live/tuner.ts',
  ]
  const text = sources.map((file) => read(`ts/server/${file}`)).join('\n')
  const raised = new Set([...text.matchAll(/new Problem\(\s*'([a-z-]+)'/g)].map(([, kind]) => kind))
  expect([...raised].filter((kind) => !Object.hasOwn(PROBLEMS, kind as string))).toEqual([])
  expect(Object.keys(PROBLEMS).filter((kind) => !raised.has(kind))).toEqual([])
})

describe('the validator', () => {
  const schema: Schema = {
    type: 'object',
    required: ['a'],
    additionalProperties: false,
    properties: {
      a: { type: 'integer', minimum: 0, maximum: 9 },
      b: { type: 'string', minLength: 2, maxLength: 3, pattern: '^x' },
      c: { type: 'array', items: { type: ['number', 'null'] }, minItems: 1, maxItems: 2 },
      d: { oneOf: [{ type: 'string' }, { type: 'object', properties: { k: { const: 'v' } }, required: ['k'] }] },
      e: { type: 'object', additionalProperties: { type: 'boolean' }, maxProperties: 1 },
    },
  }
  test.each([
    [{ a: 1, b: 'xy', c: [1, null], d: { k: 'v' }, e: { q: true } }, []],
    [{ a: 1.5 }, ['/a']],
    [{ a: -1, b: 'x' }, ['/a', '/b']],
    [{ a: '1' }, ['/a']],
    [{}, ['']],
    [null, ['']],
    [[], ['']],
    [{ a: 1, z: 1 }, ['/z']],
    [{ a: 1, 'z/~': 1 }, ['/z~1~0']],
    [{ a: 1, __proto__: null, c: [] }, ['/c']],
    [{ a: 1, c: [1, 'x'] }, ['/c/1']],
    [{ a: 1, c: [1, 1, 1] }, ['/c']],
    [{ a: 1, d: 7 }, ['/d']],
    [{ a: 1, e: { q: 1 } }, ['/e/q']],
    [{ a: 1, e: { q: true, r: true } }, ['/e']],
    [{ a: 1, b: '😀😀' }, ['/b']],
    [JSON.parse('{"a":1,"__proto__":{}}'), ['/__proto__']],
    [{ a: Number.NaN }, ['/a']],
  ])('%j', (value, pointers) => {
    expect(faultsOf(schema, value).map(({ pointer }) => pointer)).toEqual(pointers)
  })
})
