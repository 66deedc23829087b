/** Through the real SDK of OpenFeature. */
import { ErrorCode, OpenFeature, ProviderEvents } from '@openfeature/server-sdk'
import { afterEach, expect, test } from 'vitest'
import { homeostat, knob, signal } from '../../ts/entries/node.js'
import { type AnyTuner, HomeostatProvider } from '../../ts/openfeature/index.js'
import { fakeClock } from '../../ts/testing/index.js'

afterEach(() => OpenFeature.close())

async function made(name = 'catalog') {
  const clock = fakeClock(1_000_000)
  const tuner = await homeostat({
    name,
    clock,
    tick: 'manual',
    controlSignal: false,
    mode: 'auto',
    knobs: {
      ttl: knob.duration({ min: '30s', max: '900s', initial: '300s', scale: 'log' }),
      policy: knob.choice({ choices: ['lru', 'lfu'], initial: 'lru' }),
      warm: knob.boolean({ initial: true }),
    },
    signals: { miss: signal.ratio(), hits: signal.count() },
    minimize: (m) => m.miss,
  })
  return { tuner, clock }
}

async function client(...tuners: AnyTuner[]) {
  await OpenFeature.setProviderAndWait(new HomeostatProvider(...tuners))
  return OpenFeature.getClient()
}

test('knobs are read by name, in their types, and follow the tuner', async () => {
  const { tuner } = await made()
  const flags = await client(tuner)
  expect(await flags.getNumberValue('ttl', 1)).toBe(300_000)
  expect(await flags.getStringValue('policy', 'none')).toBe('lru')
  expect(await flags.getBooleanValue('catalog.warm', false)).toBe(true)
  expect(tuner.propose({ ttl: 310_000 })).toEqual({ ok: true })
  expect(await flags.getNumberDetails('ttl', 1)).toMatchObject({
    value: tuner.knobs.ttl,
    reason: 'TUNED',
    variant: 'generation-2',
    flagMetadata: { tuner: 'catalog', generation: 2, mode: 'auto' },
  })
  expect(await flags.getObjectValue('catalog', {})).toEqual({ ttl: tuner.knobs.ttl, policy: 'lru', warm: true })
  tuner.control('off')
  expect(await flags.getNumberDetails('ttl', 1)).toMatchObject({ value: 300_000, reason: 'DEFAULT' })
  await tuner.close()
})

test('what cannot be answered has OpenFeature’s codes and the caller’s default', async () => {
  const { tuner } = await made()
  const flags = await client(tuner)
  expect(await flags.getNumberDetails('nothing', 5)).toMatchObject({ value: 5, errorCode: ErrorCode.FLAG_NOT_FOUND })
  expect(await flags.getStringDetails('ttl', 'x')).toMatchObject({ value: 'x', errorCode: ErrorCode.TYPE_MISMATCH })
  expect(await flags.getBooleanDetails('catalog', true)).toMatchObject({ errorCode: ErrorCode.TYPE_MISMATCH })
  expect(await flags.getObjectDetails('constructor', {})).toMatchObject({ errorCode: ErrorCode.FLAG_NOT_FOUND })
  await tuner.close()
})

test('a change is told once, with the flags that changed', async () => {
  const { tuner } = await made()
  const flags = await client(tuner)
  const told: unknown[] = []
  flags.addHandler(ProviderEvents.ConfigurationChanged, (event) => told.push(event?.flagsChanged))
  tuner.propose({ ttl: 310_000 })
  tuner.freeze('ttl')
  tuner.control('off')
  tuner.control('freeze')
  await new Promise(setImmediate)
  expect(told).toEqual([
    ['catalog.ttl', 'ttl', 'catalog'],
    ['catalog.ttl', 'ttl', 'catalog'],
  ])
  await OpenFeature.clearProviders()
  tuner.control('on')
  expect(told).toHaveLength(2)
  await tuner.close()
})

test('a name that two tuners have needs the tuner’s', async () => {
  const [{ tuner: a }, { tuner: b }] = [await made('a'), await made('b')]
  const flags = await client(a, b)
  b.propose({ ttl: 310_000 })
  expect(await flags.getNumberDetails('ttl', 5)).toMatchObject({ value: 5, errorCode: ErrorCode.FLAG_NOT_FOUND })
  expect(await flags.getNumberValue('a.ttl', 5)).toBe(300_000)
  expect(await flags.getNumberValue('b.ttl', 5)).toBe(b.knobs.ttl)
  await Promise.all([a.close(), b.close()])
})

test('what is tracked is a sample of the signal of that name', async () => {
  const { tuner, clock } = await made()
  const flags = await client(tuner)
  flags.track('miss', {}, { value: 1 })
  flags.track('hits')
  flags.track('toString')
  clock.advance('1s')
  tuner.tick()
  expect(tuner.counters().samples).toBe(2)
  await tuner.close()
})

test('refused: no tuner, and two of one name', async () => {
  const { tuner } = await made()
  expect(() => new HomeostatProvider()).toThrow(expect.objectContaining({ code: 'HOMEOSTAT_INVALID_OPTION' }))
  expect(() => new HomeostatProvider({} as never)).toThrow(
    expect.objectContaining({ code: 'HOMEOSTAT_INVALID_OPTION' }),
  )
  expect(() => new HomeostatProvider(tuner, tuner)).toThrow(
    expect.objectContaining({ code: 'HOMEOSTAT_DUPLICATE_NAME' }),
  )
  await tuner.close()
})
