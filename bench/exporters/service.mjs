/**
 * A service with a tuner, a protected dependency and tracing of its own, twice; the one that is `on` also has every exporter that Homeostat
 * has: a registry of prom-client, metrics and spans of OpenTelemetry, and a journal in a store. They take turns to answer, as their parent
 * says, which asks for their processor time. A tuner's time goes on in its turns only, and nothing of it happens outside of them.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { join } from 'node:path'
import process from 'node:process'
import * as api from '@opentelemetry/api'
import { homeostat, knob, signal } from 'homeostat'
import { openTelemetry, prometheus } from 'homeostat/metrics'
import { protect, reflex } from 'homeostat/resilience'
import { openStorage } from 'homeostat/storage'
import { Registry } from 'prom-client'

const ITEMS = 2000
/** Ended spans that an exporter would have sent away; the oldest are let go. */
const SPANS_MAX = 512

export async function serve({ folder, seed }) {
  const telemetry = sdk()
  const storage = await openStorage(`sqlite:${join(folder, `journal-${process.pid}.db`)}`)
  const items = new Map()
  const services = { off: await made({ items, seed }), on: await made({ items, seed, storage }) }
  let current = services.off
  const tracer = api.trace.getTracer('service')
  const server = createServer((request, response) =>
    tracer.startActiveSpan('request', async (span) => {
      const body = await current.answer(request.url)
      response.setHeader('content-type', 'application/json')
      response.end(body)
      span.end()
    }),
  )
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const asked = {
    begin: (service) => {
      current = service
      current.begin()
      return used()
    },
    end: async (service, scrape) => {
      if (scrape) await service.scraped(telemetry)
      await service.end()
      return used()
    },
    done: (service) => service.done(),
    close: async () => {
      server.closeAllConnections()
      for (const service of Object.values(services)) await service.close()
      await storage.close()
      process.disconnect()
    },
  }
  process.on('disconnect', () => process.exit(0))
  process.on('message', async ({ ask, kind, scrape }) => {
    const found = await asked[ask](services[kind], scrape)
    if (found !== undefined) process.send(found)
  })
  process.send({ port: server.address().port })
}

function used() {
  const { user, system } = process.cpuUsage()
  return { cpuUs: user + system }
}

/** A clock that only goes on in turns. */
function turns() {
  let [beforeUs, sinceMs] = [0, undefined]
  const nowUs = () => beforeUs + (sinceMs === undefined ? 0 : (performance.now() - sinceMs) * 1000)
  return {
    nowUs,
    begin: () => {
      sinceMs = performance.now()
    },
    end: () => {
      beforeUs = nowUs()
      sinceMs = undefined
    },
  }
}

/** With a store it has the exporters, too. */
async function made({ storage, items, seed }) {
  const on = storage !== undefined
  const clock = turns()
  const watching = reflex({ seed })
  const tuner = await homeostat({
    name: 'catalog',
    seed,
    clock,
    tick: 'manual',
    mode: 'auto',
    controlSignal: false,
    knobs: {
      ttl: knob.duration({ min: '1s', max: '15m', initial: '60s', scale: 'log' }),
      batch: knob.integer({ min: 1, max: 256, initial: 16, scale: 'log' }),
    },
    signals: { latency: signal.duration(), miss: signal.ratio() },
    minimize: (m) => m.latency.mean + 10 * m.miss,
    // Written in the turn that it is of.
    ...(on && { storage: { store: storage, batch: 0 } }),
  })
  const load = protect('database', async (id) => row(id), { reflex: watching, caller: 'catalog', breaker: {} })
  const exporters = on ? exported(tuner, watching) : undefined
  return {
    begin: () => {
      clock.begin()
      tuner.tick()
    },
    end: async () => {
      tuner.tick()
      const { stats } = tuner.journal
      while (stats.written < stats.taken) await new Promise((resolve) => setTimeout(resolve, 1))
      clock.end()
    },
    answer: async (url) => {
      const id = Number(url.slice(url.lastIndexOf('/') + 1)) % ITEMS
      const startMs = performance.now()
      // One in eight asks its dependency; what the knobs are does not change what is to be done.
      const hit = items.has(id) && id % 8 !== 0
      if (!hit) items.set(id, await load(id))
      const body = JSON.stringify({ ...items.get(id), ttlMs: tuner.knobs.ttl, batch: tuner.knobs.batch })
      tuner.signals.miss(!hit)
      tuner.signals.latency(performance.now() - startMs)
      return body
    },
    scraped: async (telemetry) => exporters?.run(telemetry),
    done: async () => {
      const { windows } = await tuner.explain()
      const { written, failures } = tuner.journal.stats
      return { windows, stored: on ? written : 0, failures, exported: exporters?.series() ?? 0 }
    },
    close: async () => {
      exporters?.close()
      await tuner.close()
      await watching.close()
    },
  }
}

function row(id) {
  const digest = createHash('sha256').update(`item ${id}`).digest('hex')
  return {
    id,
    name: `item ${id}`,
    digest,
    tags: ['a', 'b', 'c'],
    prices: Array.from({ length: 12 }, (_, i) => i * 1.1),
  }
}

function exported(tuner, watching) {
  const registry = new Registry()
  const options = { tuners: [tuner], reflex: watching }
  const open = [prometheus({ registry, ...options, trace: api.trace }), openTelemetry({ api, ...options, spans: true })]
  let series = 0
  const run = async (telemetry) => {
    const text = await registry.metrics()
    series = text.split('\n').filter((line) => line.startsWith('homeostat_')).length
    if ((await telemetry.collect()) < series) throw new Error('the meter was told of less than the registry')
  }
  return { run, series: () => series, close: () => open.map((one) => one.close()) }
}

/** As much of an SDK as the API needs, so that what is measured is what Homeostat does with it. Both kinds of service have it. */
function sdk() {
  const store = new AsyncLocalStorage()
  const callbacks = new Set()
  const ended = []
  let count = 0
  api.context.setGlobalContextManager({
    active: () => store.getStore() ?? api.ROOT_CONTEXT,
    with: (context, work, self, ...args) => store.run(context, () => work.apply(self, args)),
    bind: (_, target) => target,
    enable: () => {},
    disable: () => {},
  })
  const startSpan = (name, { attributes = {}, links = [] } = {}) => {
    const number = ++count
    const span = { name, attributes, links, events: [], open: true }
    const made = {
      spanContext: () => ({
        traceId: number.toString(16).padStart(32, '0'),
        spanId: number.toString(16).padStart(16, '0'),
        traceFlags: 1,
      }),
      isRecording: () => span.open,
      addEvent: (event, given) => span.events.push({ event, given }),
      end: () => {
        span.open = false
        ended.push(span)
        if (ended.length > SPANS_MAX) ended.length = 0
      },
    }
    return made
  }
  const startActiveSpan = (name, work) => {
    const span = startSpan(name)
    return api.context.with(api.trace.setSpan(api.context.active(), span), () => work(span))
  }
  api.trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan, startActiveSpan }) })
  api.metrics.setGlobalMeterProvider({
    getMeter: () => ({
      createObservableGauge: (name) => ({ name }),
      createObservableCounter: (name) => ({ name }),
      addBatchObservableCallback: (callback) => callbacks.add(callback),
      removeBatchObservableCallback: (callback) => callbacks.delete(callback),
    }),
  })
  const collect = async () => {
    const points = []
    for (const callback of callbacks)
      await callback({ observe: ({ name }, value, labels) => points.push({ name, value, labels }) })
    return points.length
  }
  return { collect }
}
