/**
 * How long it takes to be well again, in virtual time: a gateway calls auth and the catalogue, both call a database in another process. It
 * hangs for nine seconds and then works again. Whoever does not need it is served all the time; all are, within a bound that follows
 * from the options.
 */
import { expect, test } from 'vitest'
import { type Component, recorder, reflex } from '../../ts/entries/resilience/node.js'
import { fakeClock } from '../../ts/testing/fake-clock.js'

const OPEN_MAX_MS = 1000
const WINDOW_MS = 2000
const STAGE_MS = 1000
const TIMEOUT_MS = 800
const [BREAK_MS, REPAIR_MS, END_MS] = [5000, 14_000, 30_000]
/** What is in flight at the repair has to time out, the window to forget it, a breaker to rest, and three stages to be quiet. */
const BOUND_MS = TIMEOUT_MS + WINDOW_MS + OPEN_MAX_MS + 3 * STAGE_MS

interface Visit {
  readonly atMs: number
  readonly needsDatabase: boolean
  served: boolean
}

/** Calls by what they end at, in virtual time. */
class Ends {
  #all: { atMs: number; end: () => void }[] = []
  at(atMs: number, end: () => void): void {
    this.#all.push({ atMs, end })
  }
  /** Those that are due, and those that they make due. */
  until(nowMs: number): void {
    for (let due = this.#due(nowMs); due.length > 0; due = this.#due(nowMs)) for (const one of due) one.end()
  }
  #due(nowMs: number): { end: () => void }[] {
    const due = this.#all.filter(({ atMs }) => atMs <= nowMs)
    this.#all = this.#all.filter(({ atMs }) => atMs > nowMs)
    return due
  }
}

async function story(seed: number) {
  const clock = fakeClock(0)
  const watching = reflex({
    clock,
    seed,
    tick: 'manual',
    breaker: { window: '2s', minimumCalls: 10, openFor: '500ms', openForMax: OPEN_MAX_MS },
    cascade: { window: WINDOW_MS, minimumCalls: 5, openFor: '500ms', stagger: '100ms', stage: STAGE_MS },
  })
  const elsewhere = recorder({ clock })
  const at = (name: string): Component => watching.component(name)
  const gateway = at('gateway')
  gateway.disable()
  const calls = {
    session: at('auth: session'),
    login: at('auth: login'),
    item: at('catalogue: item'),
    stock: at('catalogue: stock'),
  }
  const database = elsewhere.component('database')
  const callers = { login: elsewhere.component('auth: login'), stock: elsewhere.component('catalogue: stock') }
  const [ends, visits]: [Ends, Visit[]] = [new Ends(), []]
  let spared = true
  watching.on('breaker', ({ component, to }) => {
    if (component === 'database' && to === 'open') spared = false
  })

  /** One call of the gateway; 5 ms, or the timeout where the database is needed and hangs. */
  const call = (what: keyof typeof calls, tier: number, nowMs: number, then: (ok: boolean) => void): void => {
    const component = calls[what]
    const permit = component.tryAcquire(tier)
    if (permit < 0) {
      then(false)
      return
    }
    watching.events.call(gateway, component)
    const needs = what === 'login' || what === 'stock'
    const hangs = needs && nowMs >= BREAK_MS && nowMs < REPAIR_MS
    ends.at(nowMs + (hangs ? TIMEOUT_MS : 5), () => {
      if (needs) {
        elsewhere.call(callers[what], database)
        elsewhere.callReturn(callers[what], database, 0, hangs ? 'failed' : 'ok', hangs ? 400_000 : 5000)
      }
      if (hangs) component.fail(permit)
      else component.succeed(permit)
      then(!hangs)
    })
  }

  for (let nowMs = 0; nowMs < END_MS; nowMs += 10) {
    clock.set(nowMs * 1000)
    ends.until(nowMs)
    const turn = (nowMs / 10) % 10
    const visit: Visit = { atMs: nowMs, needsDatabase: turn > 6, served: false }
    visits.push(visit)
    const serve = (ok: boolean): void => {
      visit.served = ok
      watching.events.requestEnd(gateway, 0, ok ? 'ok' : 'failed', 5000)
    }
    if (turn === 9) call('login', 2, nowMs, serve)
    else if (turn > 6) call('stock', 3, nowMs, serve)
    else call('session', 1, nowMs, (ok) => (ok ? call('item', 1, nowMs + 5, serve) : serve(false)))
    if (nowMs % 50 === 0)
      watching.ingest(elsewhere.take() ?? { version: 1, nowUs: 0, names: [], errors: [], records: new Uint8Array() })
    if (nowMs % 100 === 0) watching.tick()
  }
  const witnesses = watching.witnesses()
  await watching.close()
  return { visits, witnesses, spared }
}

test.each([1, 2, 3, 4, 5])('all are served again within the bound, the others all the time, seed %i', async (seed) => {
  const { visits, witnesses, spared } = await story(seed)
  const others = visits.filter(({ needsDatabase }) => !needsDatabase)
  const last = others.at(-1) as Visit
  expect(others.filter((one) => !one.served && one !== last).map(({ atMs }) => atMs)).toEqual([])
  const lost = visits.filter(({ served, atMs }) => !served && atMs < END_MS - 100)
  const lastLost = lost.at(-1)?.atMs ?? 0
  expect(lost.length).toBeGreaterThan(100)
  expect(lastLost).toBeGreaterThan(REPAIR_MS - 1000)
  expect(lastLost - REPAIR_MS).toBeLessThanOrEqual(BOUND_MS)
  expect(witnesses[0]).toMatchObject({ rootCause: 'database', recoveredUs: expect.any(Number) })
  expect(spared, 'the breaker of what nobody calls here stays closed').toBe(true)
})
