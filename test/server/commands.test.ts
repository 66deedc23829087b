/** Queries, commands, preconditions, keys and the journal of operations, over every framework. */
import { afterEach, describe, expect, test } from 'vitest'
import { verifyJournal } from '../../ts/entries/node.js'
import { MemorySink } from '../../ts/journal/sink.js'
import { type Answer, ask } from './support/ask.js'
import { closeAll, FRAMEWORKS, type Mounted, onParsedExpress } from './support/mounted.js'
import { plant, TOKENS, tokens } from './support/plant.js'

afterEach(closeAll)

const COMMANDS = '/api/v1/tuners/catalog/commands'
const token = TOKENS.operator

async function tagOf(at: Mounted, path = COMMANDS): Promise<string> {
  return (await ask(at, { path, token })).headers.get('etag') as string
}
const command = (at: Mounted, body: unknown, headers: Record<string, string> = {}, path = COMMANDS): Promise<Answer> =>
  ask(at, { method: 'POST', path, token, headers, body })
const operationsOf = async (at: Mounted) => (await ask(at, { path: '/api/v1/operations', token })).json.operations

describe.each([...FRAMEWORKS, ['express behind a parser', onParsedExpress] as const])('%s', (_, mount) => {
  test('the state is told, and nothing but the state', async () => {
    const { options, pass } = await plant(2)
    const at = await mount({ ...options, tokens, sections: { kernels: () => ({ active: 3 }) } })
    pass(4)
    const { status, headers, json } = await ask(at, { path: '/api/v1/state', token: TOKENS.reader })
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(json.tuners[0]).toMatchObject({ name: 'catalog', source: 'live', mode: 'auto', control: 'on', windows: 6 })
    expect(json.tuners[0].knobs.map(({ name }: { name: string }) => name)).toEqual(['ttl', 'concurrency'])
    const [ttl] = json.tuners[0].knobs
    expect(ttl.band.low).toBeLessThan(ttl.baseline)
    expect(ttl.band.high).toBeGreaterThan(ttl.baseline)
    expect(json.reflex.componentStates[0]).toMatchObject({ component: 'database', calls: 30 })
    expect(json.queues).toMatchObject([
      { name: 'mail', waiting: 1, byTier: [0, 0, 1, 0, 0], capacity: 1 },
      { name: 'jobs', waiting: 0, running: 0 },
    ])
    expect(json.sections).toEqual({ kernels: { active: 3 } })
  })

  test('a command needs what its sender saw to be so still; what protects does not', async () => {
    const { tuner, options, pass } = await plant(2)
    const at = await mount({ ...options, tokens })
    expect((await command(at, { command: 'unfreeze' })).status).toBe(428)
    const before = await tagOf(at)
    expect((await command(at, { command: 'freeze', knob: 'ttl', reason: 'night' })).status).toBe(200)
    const stale = await command(at, { command: 'rollback' }, { 'if-match': before })
    expect(stale.status).toBe(412)
    expect(stale.json).toMatchObject({ type: 'urn:homeostat:problem:stale-page', status: 412 })
    const now = await tagOf(at)
    expect(now).not.toBe(before)
    const done = await command(at, { command: 'unfreeze', knob: 'ttl' }, { 'if-match': `"other", ${now}` })
    expect(done.status).toBe(200)
    expect(done.json.revision).toBe(before.slice(1, -1))
    expect(`"${done.json.revision}"`).toBe(done.headers.get('etag'))
    expect((await tuner.explain()).knobs.map(({ frozen }) => frozen)).toEqual([false, false])
    // Windows alone make nothing stale.
    pass(2)
    expect((await command(at, { command: 'mode', mode: 'observe' }, { 'if-match': before })).status).toBe(200)
    expect(tuner.mode).toBe('observe')
    expect((await command(at, { command: 'mode', mode: 'auto' }, { 'if-match': '*' })).status).toBe(200)
    expect((await command(at, { command: 'mode', mode: 'auto' }, { 'if-match': 'auto' })).status).toBe(400)
  })

  test('every command does what it says, and is journaled with who asked', async () => {
    const { tuner, options, pass } = await plant()
    const sink = new MemorySink(1 << 20)
    const at = await mount({ ...options, tokens, journal: sink })
    pass(3)
    const any = { 'if-match': '*' }
    const moved = await command(at, { command: 'propose', values: { ttl: 310_000 }, generation: 1 }, any)
    expect(moved.json).toMatchObject({ outcome: 'done', generation: 2 })
    expect(moved.json.entries.length).toBeGreaterThan(0)
    expect(tuner.knobs.ttl).toBe(310_000)
    expect(
      (await command(at, { command: 'propose', values: { ttl: 320_000 }, generation: 1 }, any)).json,
    ).toMatchObject({
      type: 'urn:homeostat:problem:refused',
      violation: 'stale-generation',
    })
    expect((await command(at, { command: 'rollback', generation: 1 }, any)).json.violation).toBe('stale-generation')
    expect((await command(at, { command: 'rollback' }, any)).status).toBe(409)
    expect((await command(at, { command: 'control', word: 'freeze' })).status).toBe(200)
    expect(tuner.controlWord).toBe('freeze')
    expect((await command(at, { command: 'control', word: 'off' })).status).toBe(200)
    expect(tuner.knobs.ttl).toBe(300_000)
    expect((await command(at, { command: 'control', word: 'on' })).status).toBe(428)
    expect((await command(at, { command: 'control', word: 'on' }, any)).status).toBe(200)
    expect((await command(at, { command: 'enter-safe-mode' })).status).toBe(200)
    expect((await tuner.explain()).safe_mode).toMatchObject({ reason: 'by-hand' })
    expect((await command(at, { command: 'trial', knob: 'concurrency', value: 40 }, any)).json.violation).toBe(
      'safe-mode',
    )
    expect((await command(at, { command: 'leave-safe-mode' }, any)).status).toBe(200)
    expect((await tuner.explain()).safe_mode).toBeNull()
    expect((await command(at, { command: 'trial', knob: 'concurrency', value: 33 }, any)).status).toBe(200)

    const found = await operationsOf(at)
    expect(found).toHaveLength(11)
    expect(found[0]).toMatchObject({
      actor: 'ada',
      peer: expect.stringMatching(/127\.0\.0\.1/),
      target: 'tuner catalog',
      command: { command: 'trial', knob: 'concurrency', value: 33 },
      outcome: 'done',
    })
    expect(found.filter(({ outcome }: { outcome: string }) => outcome === 'refused')).toHaveLength(4)
    const bytes = sink.read()
    expect(await verifyJournal([bytes])).toMatchObject({ ok: true, runs: 1, entries: 23 })
    const text = new TextDecoder().decode(bytes)
    expect(text).toContain('"scope":"operations"')
    for (const one of Object.values(TOKENS)) expect(text).not.toContain(one)
    // One letter is enough to break the chain.
    const forged = new TextEncoder().encode(text.replace('"actor":"ada"', '"actor":"eve"'))
    expect(await verifyJournal([forged])).toMatchObject({ ok: false })
  })

  test('a breaker is opened at once, and closed by who saw that it is open', async () => {
    const { database, options } = await plant()
    const at = await mount({ ...options, tokens })
    const path = '/api/v1/breakers/database/commands'
    const before = await tagOf(at, path)
    expect((await command(at, { command: 'auto' }, {}, path)).status).toBe(428)
    expect((await command(at, { command: 'force-open' }, {}, path)).status).toBe(200)
    expect(database.state).toBe('forced-open')
    expect((await command(at, { command: 'auto' }, { 'if-match': before }, path)).status).toBe(412)
    const { json } = await ask(at, { path: '/api/v1/breakers', token })
    expect(json.breakers[0]).toMatchObject({
      component: 'database',
      breaker: { state: 'forced-open', retryAfterUs: null },
    })
    expect((await command(at, { command: 'auto' }, { 'if-match': await tagOf(at, path) }, path)).status).toBe(200)
    expect(database.state).toBe('closed')
    expect((await command(at, { command: 'open' }, {}, '/api/v1/breakers/nobody/commands')).status).toBe(404)
    expect((await ask(at, { path: '/api/v1/breakers', token })).json.breakers).toHaveLength(1)
  })

  test('a command that is sent again is not done again, and its key is its sender’s own', async () => {
    const { tuner, options } = await plant(2)
    const at = await mount({ ...options, tokens })
    const key = { 'idempotency-key': 'click-1', 'if-match': '*' }
    const step = { command: 'propose', values: { ttl: 310_000 } }
    const first = await command(at, step, key)
    const again = await command(at, step, key)
    expect(first.status).toBe(200)
    expect(again.body).toBe(first.body)
    expect(again.headers.get('idempotency-replayed')).toBe('true')
    expect(first.headers.has('idempotency-replayed')).toBe(false)
    expect(tuner.generation).toBe(2)
    expect(await operationsOf(at)).toHaveLength(1)
    expect((await command(at, { command: 'rollback' }, key)).json.type).toBe('urn:homeostat:problem:key-reused')
    const other = await ask(at, { method: 'POST', path: COMMANDS, token: TOKENS.other, headers: key, body: step })
    expect(other.headers.has('idempotency-replayed')).toBe(false)
    // A refusal is an answer too.
    const refused = { 'idempotency-key': 'click-2', 'if-match': '*' }
    const late = { command: 'propose', values: { ttl: 320_000 }, generation: 1 }
    const no = await command(at, late, refused)
    expect(no.status).toBe(409)
    expect((await command(at, late, refused)).headers.get('idempotency-replayed')).toBe('true')
    expect((await command(at, step, { ...refused, 'idempotency-key': 'a b' })).status).toBe(400)
  })

  test('a tuner that was closed is shown as it was, and takes no commands', async () => {
    const { tuner, options, pass } = await plant(2)
    const at = await mount({ ...options, tokens })
    pass(2)
    await ask(at, { path: '/api/v1/state', token })
    await tuner.close()
    const { status, json } = await ask(at, { path: '/api/v1/tuners/catalog', token })
    expect([status, json.ended, json.windows, json.failure]).toEqual([200, true, 4, null])
    const refused = await command(at, { command: 'freeze' })
    expect([refused.status, refused.json.violation]).toEqual([409, 'closed'])
    expect((await operationsOf(at))[0]).toMatchObject({ outcome: 'refused', violation: 'closed' })
  })

  test('what does not fit is said, with its place', async () => {
    const { options } = await plant()
    const at = await mount({ ...options, tokens })
    const any = { 'if-match': '*' }
    const wrong = await command(at, { command: 'control', word: 'halt', why: 1 }, any)
    expect(wrong.status).toBe(422)
    expect(wrong.headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
    expect(wrong.json.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual(['/word', '/why'])
    const unknown = await command(at, { command: 'propose', values: { tll: 1 } }, any)
    expect(unknown.status).toBe(422)
    expect(unknown.json.errors[0].pointer).toBe('/values')
    const beyond = await command(at, { command: 'propose', values: { ttl: 1e9 } }, any)
    expect([beyond.status, beyond.json.errors[0].pointer]).toEqual([422, '/values/ttl'])
    expect((await command(at, { command: 'fly' }, any)).status).toBe(422)
    expect((await command(at, [], any)).status).toBe(422)
    const query = await ask(at, { path: '/api/v1/operations?limit=0&depth=2', token })
    expect(query.json.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual(['limit', 'depth'])
  })
})
