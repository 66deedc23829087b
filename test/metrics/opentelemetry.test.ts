/** Through the real @opentelemetry/api. */
import * as api from '@opentelemetry/api'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { TUNER_DECISIONS } from '../../ts/metrics/decisions.js'
import { type Decision, openTelemetry, prometheus } from '../../ts/metrics/index.js'
import { CHANGE_TYPES } from '../../ts/server/api/state.js'
import { plant } from '../server/support/plant.js'
import { Telemetry } from './support/telemetry.js'

let telemetry: Telemetry
beforeEach(() => {
  telemetry = new Telemetry()
})
afterEach(() => telemetry.close())

test('the metrics are those of the registry, with units that no exporter says twice', async () => {
  const { options, pass } = await plant(3)
  const { tuners, reflex, queues } = options
  const exporter = openTelemetry({ api, tuners, reflex, queues } as never)
  const registry = new Registry()
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never)
  using _ = prometheus({ registry, tuners, reflex, queues } as never)
  pass(5)
  const inRegistry = (await registry.getMetricsAsJSON()).flatMap(({ name, values }) =>
    values.map(({ value, labels }) => ({ name, value, labels })),
  )
  expect(await telemetry.collect()).toEqual(inRegistry)
  expect(inRegistry.length).toBeGreaterThan(50)
  for (const [name, { options: made }] of telemetry.instruments) {
    expect(name).toMatch(/^homeostat_[a-z0-9_]+$/)
    expect(made.description).toMatch(/\.$/)
    expect(made.unit).toBe(name.endsWith('_seconds') ? 's' : name.endsWith('_bytes') ? 'By' : undefined)
  }
  exporter.close()
  expect(await telemetry.collect()).toEqual([])
})

test('what is decided within a span is its event, and known by its trace', async () => {
  const { options, tuner, watching } = await plant(3)
  const told: Decision[] = []
  using _ = openTelemetry({ api, tuners: options.tuners, reflex: watching, onDecision: (one) => told.push(one) })
  const { span } = telemetry.within('PUT /ttl', () => tuner.propose({ ttl: 310_000 }))
  expect(span.events.map(({ name }) => name)).toEqual(['homeostat.operator', 'homeostat.applied'])
  expect(span.events[1]?.attributes).toMatchObject({
    'homeostat.tuner': 'catalog',
    'homeostat.run_id': 'test-run',
    'homeostat.generation': 2,
    'homeostat.trigger.trace_id': span.traceId,
  })
  const { span: call } = telemetry.within('GET /item', () => watching.component('database').forceOpen())
  expect(call.events).toMatchObject([
    { name: 'homeostat.breaker', attributes: { 'homeostat.component': 'database', 'homeostat.to': 'forced-open' } },
  ])
  expect(told.map(({ trigger }) => trigger?.traceId)).toEqual([span.traceId, span.traceId, call.traceId])
})

test('what follows from a proposal is linked to what triggered it, after that has ended', () => {
  const listeners = new Map<string, (event: object) => void>()
  const tuner = {
    name: 'catalog',
    explain: () => {},
    on: (type: string, listener: (event: object) => void) => {
      // The first listener of windows is the one that reads metrics.
      listeners.set(type, listener)
      return () => listeners.delete(type)
    },
  }
  const told: Decision[] = []
  const exporter = openTelemetry({ api, tuners: [tuner as never], spans: true, onDecision: (one) => told.push(one) })
  const say = (type: string, proposalId: number | null) => listeners.get(type)?.({ timeUs: 1, payload: {}, proposalId })
  const { span } = telemetry.within('PUT /ttl', () => say('proposed', 7))
  say('applied', 7)
  say('applied', 8)
  say('rolledBack', 7)
  say('frozen', null)
  expect(told.map(({ trigger }) => trigger?.traceId)).toEqual([span.traceId, undefined, span.traceId, undefined])
  const [, applied, stranger] = telemetry.spans
  expect(applied).toMatchObject({
    name: 'homeostat.applied',
    ended: true,
    links: [{ context: { traceId: span.traceId } }],
  })
  expect(stranger).toMatchObject({ ended: true, links: [] })
  exporter.close()
  expect(listeners.size).toBe(0)
})

test('a span that has ended triggers nothing, even where a timer has inherited it', async () => {
  const { options, tuner } = await plant(3)
  using _ = openTelemetry({ api, tuners: options.tuners })
  const { result: later, span } = telemetry.within('start', () => {
    const active = api.context.active()
    return () => api.context.with(active, () => tuner.freeze('ttl'))
  })
  expect(later()).toEqual({ ok: true })
  expect(span.events).toEqual([])
})

test('an OpenMetrics registry shows the trace as exemplar', async () => {
  const { options, tuner } = await plant(3)
  const registry = new Registry()
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never)
  using _ = prometheus({ registry, tuners: options.tuners, trace: api.trace })
  const { span } = telemetry.within('freeze', () => tuner.freeze('ttl'))
  const line = (await registry.metrics()).split('\n').find((one) => one.includes('type="frozen"'))
  expect(line).toMatch(
    new RegExp(`^homeostat_changes_total\\{.*\\} 1 # \\{trace_id="${span.traceId}",span_id="\\w{16}"\\} 1 [\\d.]+$`),
  )
})

test('without an SDK nothing happens, and nothing fails', async () => {
  telemetry.close()
  const { options, tuner } = await plant(1)
  using _ = openTelemetry({ api, tuners: options.tuners, spans: true })
  expect(tuner.freeze('ttl')).toEqual({ ok: true })
  expect(tuner.counters().listenerErrors).toBe(0)
})

test('what is told is what the server tells', () => {
  expect([...TUNER_DECISIONS].sort()).toEqual([...CHANGE_TYPES].sort())
})

test('refused: not the API', () => {
  expect(() => openTelemetry({ api: {} } as never)).toThrow(
    expect.objectContaining({ code: 'HOMEOSTAT_INVALID_OPTION' }),
  )
})
