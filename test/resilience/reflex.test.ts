import { describe, expect, test } from 'vitest'
import { knob, verifyJournal } from '../../ts/entries/node.js'
import { type ReflexOptions, recorder, reflex, type Witness } from '../../ts/entries/resilience/node.js'
import { until } from '../support/folder.js'
import { cacheTuner } from '../support/tuners.js'
import { boom, fakeClock } from './support/clock.js'

const make = (options: ReflexOptions = {}) => {
  const clock = fakeClock(1_000_000)
  return { clock, r: reflex({ clock, tick: 'manual', seed: 1, ...options }) }
}

/** gateway -> auth -> db, each failing all of its calls. */
function fail(r: ReturnType<typeof make>['r'], calls = 20) {
  const [gateway, auth, db, web] = ['gateway', 'auth', 'db', 'web'].map((name) => r.component(name)) as [
    never,
    never,
    never,
    never,
  ]
  for (let i = 0; i < calls; i++) {
    for (const [caller, callee] of [
      [auth, db],
      [gateway, auth],
      [web, gateway],
    ] as const) {
      r.events.call(caller, callee)
      r.events.callReturn(caller, callee, 0, 'failed', 900, Object.assign(new Error('down'), { code: 'ECONNREFUSED' }))
    }
  }
}

describe('a cascade', () => {
  test('is found once, opens and sheds, explains itself, and is taken back in stages', async () => {
    const { clock, r } = make()
    await using _ = r
    const [witnesses, stages, opened, over]: [Witness[], number[], string[], number[]] = [[], [], [], []]
    r.on('cascade', boom)
    r.on('cascade', (witness) => witnesses.push(witness))
    r.on('stage', ({ shedFromTier }) => stages.push(shedFromTier))
    r.on('breaker', ({ component, to, cause }) => to === 'open' && opened.push(`${component} ${cause}`))
    r.on('recovered', ({ witness }) => over.push(witness))
    fail(r)
    r.tick()
    fail(r)
    r.tick()
    expect(witnesses).toHaveLength(1)
    const [witness] = witnesses as [Witness]
    expect(witness).toMatchObject({
      witness: 1,
      rootCause: 'db',
      affectedCount: 3,
      decision: 'open-and-shed',
      recoveredUs: null,
    })
    expect(witness.affected[0]).toMatchObject({ component: 'db', errorRate: 1, breaker: { state: expect.any(String) } })
    expect(witness.chain.at(-1)).toMatchObject({ component: 'db' })
    expect(witness.explain()).toMatch(/3 of 4 components fail together.*root cause is db.*were opened.*shed/s)
    expect(`${witness}`).toBe(witness.explain())
    expect(opened).toContain('db cascade')
    expect(r.listenerErrors).toBe(1)
    expect(r.shedsFrom).toBeLessThan(5)
    const web = r.component('web')
    expect(await web.try(() => 1, { tier: 4 })).toMatchObject({ reason: 'shed', code: 'HOMEOSTAT_SHED' })
    expect(await web.try(() => 1, { tier: 0 })).toEqual({ ok: true, value: 1 })
    expect(r.health()).toMatchObject({ state: 'cascade', cascades: 1, ongoingWitness: 1 })
    for (let i = 0; i < 900 && over.length === 0; i++) {
      clock.advance('100ms')
      r.tick()
      for (const name of ['web', 'gateway', 'auth', 'db']) await r.component(name).try(() => 1, { tier: 0 })
    }
    expect(over).toEqual([1])
    expect(stages.length).toBeGreaterThan(1)
    expect(r.shedsFrom).toBe(5)
    expect(r.witnesses()[0]).toMatchObject({ recoveredUs: expect.any(Number) })
  })

  test('is journaled, hash-chained', async () => {
    const { r } = make({ runId: 'test' })
    await using _ = r
    fail(r)
    r.tick()
    const journal = r.journal()
    const events = new TextDecoder()
      .decode(journal)
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(events.map(({ run_id }) => run_id)).toEqual(events.map(() => 'test'))
    expect(events.map(({ payload }) => payload.scope)).toContain('reflex')
    expect(await verifyJournal([journal])).toMatchObject({ ok: true })
  })
})

describe('components', () => {
  test('by any name, bounded; one that gave way comes back as new', async () => {
    const { r } = make({ components: 100 })
    await using _ = r
    const first = r.component('user 0')
    for (let i = 1; i < 5000; i++) r.component(`user ${i}`).succeed(r.component(`user ${i}`).tryAcquire())
    expect(r.health()).toMatchObject({ components: 100, inFlight: 0 })
    expect(first.explain()).toBeUndefined()
    expect(await first.try(() => 3)).toEqual({ ok: true, value: 3 })
    expect(first.explain()).toMatchObject({ component: 'user 0', calls: 1 })
  })

  test('where none may give way, a new one is refused', async () => {
    const { r } = make({ components: 2 })
    await using _ = r
    for (const name of ['a', 'b']) r.component(name, { pinned: true })
    expect(() => r.component('c')).toThrow(expect.objectContaining({ code: 'HOMEOSTAT_CAPACITY' }))
    expect(r.forget(r.component('a'))).toBe(true)
    expect(r.component('c').state).toBe('closed')
  })

  test('tell their errors by code, and results once', async () => {
    const { r } = make()
    await using _ = r
    const db = r.component('db')
    const permit = db.tryAcquire()
    expect([db.fail(permit, { code: 'ETIMEDOUT' }), db.succeed(permit), db.fail(-1), db.fail(Number.NaN)]).toEqual([
      true,
      false,
      false,
      false,
    ])
    expect(db.explain()).toMatchObject({ calls: 1, errors: 1, lastError: 'ETIMEDOUT', health: 'healthy' })
  })
})

describe('events of another process', () => {
  const remote = () => {
    const clock = fakeClock(77_000_000_000)
    const events = recorder({ clock })
    const [shop, db] = [events.component('shop'), events.component('db')]
    for (let i = 0; i < 12; i++) {
      events.call(shop, db)
      clock.advance(1)
      events.callReturn(shop, db, 0, 'failed', 1000, new TypeError('no'))
    }
    return events
  }

  test.each([false, true])('count as if they had been here (json: %s)', async (json) => {
    const { r } = make()
    await using _ = r
    r.component('here')
    const events = remote()
    const batch = structuredClone(events.take({ json }))
    expect(r.ingest(json ? JSON.parse(JSON.stringify(batch)) : batch)).toBe(24)
    expect(r.component('db').explain()).toMatchObject({
      calls: 12,
      errors: 12,
      recentCalls: 12,
      lastError: 'TypeError',
    })
    expect(r.component('shop').explain()).toMatchObject({ callsTo: ['db'] })
    expect(events.take()).toBeUndefined()
  })

  test('nothing in them is believed', async () => {
    const { r } = make()
    await using _ = r
    const good = remote().take()!
    const records = good.records as Uint8Array
    for (const bad of [
      undefined,
      5,
      [],
      {},
      { ...good, version: 2 },
      { ...good, names: 'x' },
      { ...good, records: records.subarray(1) },
      { ...good, records: '%' },
      { ...good, nowUs: Number.NaN },
      { ...good, errors: Array(1000).fill('x') },
    ])
      expect(() => r.ingest(bad)).toThrow(expect.objectContaining({ code: 'HOMEOSTAT_INVALID_OPTION' }))
    const noise = Uint8Array.from({ length: 320 }, (_, i) => (i * 131) & 255)
    expect(r.ingest({ ...good, records: noise })).toBe(0)
    expect(r.ingest({ ...good, names: [5, ''] as never, records })).toBe(0)
    const { dropped } = r.health()
    expect(Object.values(dropped).reduce((sum, n) => sum + n, 0)).toBe(34)
    expect(r.ingest(good)).toBe(24)
  })

  test('open no breaker here of what nobody calls here', async () => {
    const { r } = make({ cascade: { maxOpenShare: 1 } })
    await using _ = r
    const opened: string[] = []
    r.on('breaker', ({ component, to }) => to === 'open' && opened.push(component))
    const clock = fakeClock(0)
    const elsewhere = recorder({ clock })
    const [auth, catalogue, database] = ['auth', 'catalogue', 'database'].map((name) => elsewhere.component(name))
    for (let i = 0; i < 40; i++) {
      for (const caller of [auth, catalogue]) {
        elsewhere.call(caller!, database!)
        elsewhere.callReturn(caller!, database!, 0, 'failed', 900)
        elsewhere.requestEnd(caller!, 0, 'failed', 900)
      }
    }
    elsewhere.breaker(database!, 'open')
    // Auth is called here, the others are not.
    r.events.call(r.component('web'), r.component('auth'))
    r.ingest(elsewhere.take())
    const [witness] = r.witnesses()
    expect(witness).toMatchObject({ rootCause: 'database', affectedCount: 3, action: { opened: ['auth'] } })
    expect(`${witness}`).toContain('what only other processes call has its breaker there')
    expect(opened).toEqual(['auth'])
    expect(r.health().componentStates.find(({ component }) => component === 'database')).toMatchObject({
      remote: true,
      breaker: { state: 'closed' },
      remoteBreaker: 'open',
    })
    // Who begins to call it gets the breaker that was asked for.
    const mine = r.component('database', { consecutive: 1 })
    mine.fail(mine.tryAcquire(0))
    expect([mine.state, mine.explain()?.remote]).toEqual(['open', undefined])
  })

  test('what is not taken in time is counted', () => {
    const events = recorder({ capacity: 16 })
    const one = events.component('a')
    for (let i = 0; i < 100; i++) events.queueDepth(one, i)
    const batch = events.take()!
    expect((batch.records as Uint8Array).length / 32 + events.dropped).toBe(100)
  })
})

describe('patterns', () => {
  test('are learned once, and what differs is told', async () => {
    const { clock, r } = make()
    await using _ = r
    const [learned, violations]: [string[], string[]] = [[], []]
    r.on('pattern', ({ entry }) => learned.push(entry))
    r.on('violation', ({ deviation, call }) => violations.push(`${deviation} ${call ?? ''}`))
    const [web, auth, db] = ['web', 'auth', 'db'].map((name) => r.component(name)) as [never, never, never]
    let request = 0
    const serve = (callees: never[], ms: number) => {
      r.events.requestStart(web, ++request)
      for (const callee of callees) r.events.call(web, callee, request)
      clock.advance(ms)
      r.events.requestEnd(web, request)
      r.tick()
    }
    for (let i = 0; i < 30; i++) serve([auth, db], 10)
    serve([auth, db], 50)
    serve([db], 10)
    expect(learned).toEqual(['web'])
    expect(violations[0]).toMatch(/^slower/)
    expect(violations.some((one) => one === 'missing web -> auth')).toBe(true)
    expect(r.patterns()).toMatchObject([{ entry: 'web', calls: ['auth', 'db'], count: 31 }])
  })
})

describe('changes for the better', () => {
  test('are counted where they were made, and journaled', async () => {
    const { r } = make()
    await using _ = r
    const [one, two] = [r.component('one'), r.component('two', { limit: 'aimd' })]
    expect(r.optimised(one, 'ttl from 300 s to 340 s')).toBe(true)
    expect(() => r.optimised(one, '')).toThrow(expect.objectContaining({ code: 'HOMEOSTAT_INVALID_NAME' }))
    expect(two.setLimitBounds(5, 10)).toBe(true)
    expect(one.setLimitBounds(5, 10)).toBe(false)
    expect(() => two.setLimitBounds(5, 4)).toThrow(expect.objectContaining({ code: 'HOMEOSTAT_INVALID_OPTION' }))
    expect(two.explain()).toMatchObject({ limit: 10, optimisations: 0 })
    expect(one.explain()).toMatchObject({ optimisations: 1 })
    expect(r.health()).toMatchObject({ optimisationsApplied: 1 })
    expect(r.metrics()).toContain('homeostat_optimisations_total 1\n')
    r.tick()
    const journal = new TextDecoder().decode(r.journal())
    for (const event of ['optimised', 'limit-bounds']) expect(journal).toContain(`"event":"${event}"`)
  })

  test('a tuner moves the bounds of a limit under its guardrails, and its journal says so', async () => {
    const { r } = make()
    await using _ = r
    const db = r.component('db', { limit: { kind: 'aimd', initial: 20, max: 100 } })
    const limit = (): number => db.explain()?.limit ?? Number.NaN
    const { tuner } = await cacheTuner({
      knobs: {
        most: knob.integer({ min: 5, max: 100, initial: 15, apply: (most) => void db.setLimitBounds(1, most) }),
      },
    })
    const moves = tuner as unknown as { propose(values: { most: number }): { ok: boolean } }
    expect([limit(), moves.propose({ most: 16 }).ok]).toEqual([20, true])
    await until(() => limit() === 16)
    expect(moves.propose({ most: 100 }).ok, 'more than a step').toBe(false)
    await tuner.close()
    r.tick()
    expect(limit()).toBe(16)
    expect(new TextDecoder().decode(r.journal())).toContain('"event":"limit-bounds"')
  })
})

describe('reports', () => {
  test('health as an object and as OpenMetrics', async () => {
    const { r } = make()
    await using _ = r
    await r.component('a "b"\n').try(() => 1)
    expect(r.health()).toMatchObject({
      state: 'healthy',
      components: 1,
      openBreakers: 0,
      componentStates: [{ health: 'healthy', calls: 1 }],
    })
    const text = r.metrics()
    expect(text.endsWith('# EOF\n')).toBe(true)
    expect(text).toContain('homeostat_component_calls_total{component="a \\"b\\"\\n"} 1\n')
    const families = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name)
    expect(new Set(families).size).toBe(families.length)
    for (const line of text.trimEnd().split('\n'))
      expect(line).toMatch(/^(# (TYPE|HELP|EOF)|[a-z_0-9]+(\{[a-z]+="([^"\\]|\\.)*"\})? [-+.\de]+$)/)
  })

  test('time passes by itself, and calls outlive their reflex', async () => {
    const r = reflex()
    const one = r.component('a', { lease: '1ms' })
    const permit = one.tryAcquire()
    await expect.poll(() => r.health().inFlight).toBe(0)
    await r.close()
    await r.close()
    expect(one.succeed(permit)).toBe(false)
    expect(await one.try(() => 2)).toEqual({ ok: true, value: 2 })
  })
})

test.each([
  { cascade: { minComponents: 1 } },
  { breaker: { failureRate: 0 } },
  { components: 0 },
  { tick: 'often' },
  { journal: 5 },
  { runId: 'a b' },
  { seed: -1 },
  { cascades: {} },
  { cascade: { windo: 5 } },
])('%j is refused', (options) => {
  expect(() => reflex(options as never)).toThrow(
    expect.objectContaining({ code: expect.stringMatching(/INVALID_OPTION|UNKNOWN_OPTION/) }),
  )
})

test('an event that does not exist is refused', async () => {
  const { r } = make()
  await using _ = r
  expect(() => r.on('casade' as never, () => {})).toThrow(expect.objectContaining({ code: 'HOMEOSTAT_INVALID_OPTION' }))
})
