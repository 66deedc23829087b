/** In a registry of the real prom-client. */
import { Registry } from 'prom-client'
import { expect, onTestFinished, test } from 'vitest'
import { reflex } from '../../ts/entries/resilience/node.js'
import { server } from '../../ts/entries/server/node.js'
import { type Decision, prometheus } from '../../ts/metrics/index.js'
import { plant } from '../server/support/plant.js'

/** `# TYPE` and `# HELP` of each family, and its samples by labels. */
function families(text: string) {
  const found = new Map<string, { type?: string; help?: string; samples: Map<string, number> }>()
  const of = (name: string) => {
    const family = found.get(name) ?? { samples: new Map<string, number>() }
    found.set(name, family)
    return family
  }
  for (const line of text.split('\n')) {
    const [, about, name = '', rest = ''] = /^# (TYPE|HELP) (\S+) (.+)$/.exec(line) ?? []
    if (about === 'TYPE') of(name).type = rest
    else if (about === 'HELP') of(name).help = rest
    else {
      const [, full = '', labels = '', value] = /^([a-z0-9_]+)(\{[^}]*\})? (\S+)/.exec(line) ?? []
      if (value !== undefined) of(full.replace(/_total$/, '')).samples.set(labels, Number(value))
    }
  }
  return found
}

function openMetrics(): Registry {
  const registry = new Registry()
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never)
  return registry
}

test('names, types, helps and figures are those that the server has', async () => {
  const { options, pass, tuner, watching } = await plant(2)
  const registry = openMetrics()
  const { tuners, reflex: watched, queues } = options
  const exporter = prometheus({ registry, tuners, reflex: watched, queues } as never)
  const operations = await server(options)
  onTestFinished(() => operations.close())
  pass(20)
  watching.component('mail').fail(watching.component('mail').tryAcquire())
  tuner.enterSafeMode()
  const served = families(
    await (await operations.fetch(new Request('http://127.0.0.1/metrics'), { peer: '127.0.0.1' })).text(),
  )
  const mine = families(await registry.metrics())
  expect(served.size).toBeGreaterThan(40)
  for (const [name, { type, help, samples }] of served) {
    if (name.startsWith('homeostat_server_')) continue
    expect(mine.get(name), name).toMatchObject({ type, help })
    // Bytes are written between the two readings.
    if (name !== 'homeostat_journal_written_bytes') expect(mine.get(name)?.samples, name).toEqual(samples)
  }
  const seen = [...mine].filter(([, { samples }]) => samples.size > 0).map(([name]) => name)
  expect(seen.filter((name) => !served.has(name))).toEqual([])
  const changes = mine.get('homeostat_changes')
  expect(changes?.samples.get('{tuner="catalog",type="safeMode"}')).toBe(1)
  expect(changes?.samples.get('{tuner="catalog",type="drift"}')).toBe(0)
  expect(mine.get('homeostat_journal_written_bytes')?.samples.get('{tuner="catalog"}')).toBeGreaterThan(1000)
  exporter.close()
  expect(registry.getMetricsAsArray()).toEqual([])
})

test('in the classic format too, and in both after the registry changed its mind', async () => {
  const { options, pass } = await plant(3)
  const registry = new Registry()
  using _ = prometheus({ registry, tuners: options.tuners })
  const classic = await registry.metrics()
  expect(classic).toContain('# TYPE homeostat_windows_total counter\nhomeostat_windows_total{tuner="catalog"} 3\n')
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never)
  expect(await registry.metrics()).toContain(
    '# TYPE homeostat_windows counter\nhomeostat_windows_total{tuner="catalog"} 3\n',
  )
  registry.setContentType(Registry.PROMETHEUS_CONTENT_TYPE)
  pass(1)
  expect(await registry.metrics()).toContain('homeostat_windows_total{tuner="catalog"} 4\n')
  const json = await registry.getMetricsAsJSON()
  expect(json.find(({ name }) => name === 'homeostat_generation')).toMatchObject({ aggregator: 'max', type: 'gauge' })
})

test('a registry that has such a name is left as it was', async () => {
  const { options } = await plant()
  const registry = new Registry()
  using _ = prometheus({ registry, tuners: options.tuners })
  const before = registry.getMetricsAsArray()
  expect(before.length).toBeGreaterThan(40)
  expect(() => prometheus({ registry })).toThrow(expect.objectContaining({ code: 'HOMEOSTAT_DUPLICATE_NAME' }))
  expect(registry.getMetricsAsArray()).toEqual(before)
})

test('components beyond the bound are counted and have no series', async () => {
  const watching = reflex({ tick: 'manual', seed: 1 })
  onTestFinished(() => watching.close())
  const registry = openMetrics()
  using _ = prometheus({ registry, reflex: watching, components: 3 })
  for (let i = 0; i < 10; i++) watching.component(`origin-${i}`)
  const first = families(await registry.metrics())
  expect(first.get('homeostat_component_calls')?.samples.size).toBe(3)
  expect(first.get('homeostat_components_omitted')?.samples.get('')).toBe(7)
  for (let i = 10; i < 100; i++) watching.component(`origin-${i}`)
  const then =
    families(await registry.metrics())
      .get('homeostat_component_calls')
      ?.samples.keys() ?? []
  expect([...then].sort()).toEqual([...(first.get('homeostat_component_calls')?.samples.keys() ?? [])].sort())
})

test('a closed tuner and reflex leave what they said last', async () => {
  const { options, tuner, watching } = await plant(5)
  const registry = new Registry()
  using _ = prometheus({ registry, tuners: options.tuners, reflex: options.reflex })
  const before = families(await registry.metrics()).get('homeostat_windows')
  await tuner.close()
  await watching.close()
  const after = families(await registry.metrics())
  expect(after.get('homeostat_windows')).toEqual(before)
  expect(after.get('homeostat_component_calls')?.samples.get('{component="database"}')).toBe(30)
})

test('decisions are told; a listener that throws reaches nobody', async () => {
  const { options, tuner } = await plant(3)
  const told: Decision[] = []
  using _ = prometheus({
    registry: new Registry(),
    tuners: options.tuners,
    onDecision: (decision) => {
      told.push(decision)
      throw new Error('log is full')
    },
  })
  expect(tuner.propose({ ttl: 310_000 })).toEqual({ ok: true })
  expect(told.map(({ type }) => type)).toEqual(['operator', 'applied'])
  expect(told[1]).toMatchObject({ source: 'tuner', name: 'catalog', generation: 2, trigger: undefined })
  expect(tuner.counters().listenerErrors).toBe(2)
})

test.each([
  [{}, 'HOMEOSTAT_INVALID_OPTION'],
  [{ registry: {} }, 'HOMEOSTAT_INVALID_OPTION'],
  [{ registry: new Registry(), tuner: 1 }, 'HOMEOSTAT_UNKNOWN_OPTION'],
  [{ registry: new Registry(), tuners: [{}] }, 'HOMEOSTAT_INVALID_OPTION'],
  [{ registry: new Registry(), components: -1 }, 'HOMEOSTAT_INVALID_OPTION'],
  [{ registry: new Registry(), queues: { a: {} } }, 'HOMEOSTAT_INVALID_OPTION'],
  [{ registry: new Registry(), trace: {} }, 'HOMEOSTAT_INVALID_OPTION'],
  [{ registry: new Registry(), onDecision: 1 }, 'HOMEOSTAT_INVALID_OPTION'],
])('refused: %o', (options, code) => {
  expect(() => prometheus(options as never)).toThrow(expect.objectContaining({ code }))
})
