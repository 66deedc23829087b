/** OpenMetrics as its standard wants it. */
import { afterEach, expect, test } from 'vitest'
import { ask } from './support/ask.js'
import { alone, closeAll } from './support/mounted.js'
import { plant, TOKENS, tokens } from './support/plant.js'

afterEach(closeAll)

/** A reader of its own, strict where the standard is: families once and together, samples of known ones, escapes, one end. */
function families(text: string): Map<string, { type: string; samples: Map<string, number> }> {
  const found = new Map<string, { type: string; samples: Map<string, number> }>()
  const lines = text.split('\n')
  expect(lines.slice(-2)).toEqual(['# EOF', ''])
  let name = ''
  for (const line of lines.slice(0, -2)) {
    const type = /^# TYPE (\S+) (gauge|counter)$/.exec(line)
    const help = /^# HELP (\S+) (.+)$/.exec(line)
    if (type !== null) {
      name = type[1] as string
      expect(found.has(name)).toBe(false)
      found.set(name, { type: type[2] as string, samples: new Map() })
    } else if (help !== null) expect(help[1]).toBe(name)
    else {
      const sample = /^([a-z0-9_]+)(\{(?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)*\})? (-?[\d.e+-]+)$/.exec(line)
      expect(sample, line).not.toBeNull()
      const family = found.get(name)
      expect(sample?.[1]).toBe(family?.type === 'counter' ? `${name}_total` : name)
      expect(family?.samples.has(sample?.[2] ?? '')).toBe(false)
      family?.samples.set(sample?.[2] ?? '', Number(sample?.[3]))
    }
  }
  return found
}

test('every family once, units in names, labels escaped, figures that are the state’s', async () => {
  const { options, pass, watching, tuner } = await plant(2)
  watching.component('odd "name"\\ \n line')
  const at = await alone({ ...options, tokens })
  pass(30)
  tuner.enterSafeMode()
  const { headers, body } = await ask(at, { path: '/metrics', token: TOKENS.reader })
  expect(headers.get('content-type')).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8')
  const found = families(body)
  for (const name of found.keys()) expect(name).toMatch(/^homeostat_[a-z0-9_]+$/)
  const value = (name: string, labels = '') => found.get(`homeostat_${name}`)?.samples.get(labels)
  expect(value('safe_mode', '{tuner="catalog"}')).toBe(1)
  expect(value('windows', '{tuner="catalog"}')).toBe(32)
  expect(value('knob_value', '{tuner="catalog",knob="ttl"}')).toBe(tuner.knobs.ttl)
  expect(value('component_calls', '{component="database"}')).toBe(30)
  expect(value('component_calls', '{component="odd \\"name\\"\\\\ \\n line"}')).toBe(0)
  expect(value('queue_tier_waiting_items', '{queue="mail",tier="2"}')).toBe(1)
  expect(value('changes', '{tuner="catalog",type="safeMode"}')).toBe(1)
  // Counters of decisions begin at 0, so that the first one is an increase.
  expect(value('changes', '{tuner="catalog",type="pushFailed"}')).toBe(0)
  expect(value('journal_failing', '{tuner="catalog"}')).toBe(0)
  expect(value('journal_written_bytes', '{tuner="catalog"}')).toBeGreaterThan(1000)
  expect((await ask(at, { path: '/health' })).json).toEqual({ status: 'degraded' })
})

test('names of components that come and go make no series without end; how many have none is said', async () => {
  const { options, watching } = await plant()
  const at = await alone({ ...options, tokens })
  const scrape = async () => families((await ask(at, { path: '/metrics', token: TOKENS.reader })).body)
  const labels = (of: Awaited<ReturnType<typeof scrape>>) => [
    ...(of.get('homeostat_component_calls')?.samples.keys() ?? []),
  ]
  const origins = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `origin-${from + i}`)
  for (const name of origins(0, 150)) watching.component(name).fail(watching.component(name).tryAcquire())
  const first = await scrape()
  expect(labels(first)).toHaveLength(128)
  expect(first.get('homeostat_components_omitted')?.samples.get('')).toBe(watching.health().components - 128)
  for (const name of origins(150, 230)) watching.component(name).open()
  watching.tick()
  const then = await scrape()
  expect(labels(then).sort()).toEqual(labels(first).sort())
  const changes = [...(then.get('homeostat_breaker_changes')?.samples.keys() ?? [])]
  expect(changes.every((one) => labels(first).some((known) => one.startsWith(known.slice(0, -1))))).toBe(true)
})
