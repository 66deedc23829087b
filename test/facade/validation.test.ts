import { describe, expect, test } from 'vitest'
import { homeostat, isHomeostatError, knob, signal } from '../../ts/entries/node.js'
import { cacheTuner } from '../support/tuners.js'

const base = {
  name: 'catalog',
  tick: 'manual' as const,
  knobs: { ttl: knob.duration({ min: '1s', max: '60s', initial: '15s' }) },
  signals: { latency: signal.duration(), miss: signal.ratio() },
  minimize: () => 1,
}

async function refusal(options: object) {
  try {
    const tuner = await homeostat({ ...base, ...options } as never)
    await tuner.close()
  } catch (error) {
    if (isHomeostatError(error)) return error
    throw error
  }
  throw new Error('was accepted')
}

const number = (options: object) => ({ knobs: { x: knob.number({ min: 0, max: 1, initial: 0.5, ...options }) } })

describe('what cannot be meant is refused with code, option, range and value', () => {
  test.each([
    [
      'no upper bound',
      number({ max: Number.POSITIVE_INFINITY }),
      'HOMEOSTAT_INVALID_BOUNDS',
      'knobs.x.max',
      /Infinity/,
    ],
    [
      'no lower bound',
      number({ min: Number.NEGATIVE_INFINITY }),
      'HOMEOSTAT_INVALID_BOUNDS',
      'knobs.x.min',
      /Infinity/,
    ],
    ['a missing bound', number({ min: undefined }), 'HOMEOSTAT_INVALID_BOUNDS', 'knobs.x.min', /undefined/],
    ['NaN', number({ min: Number.NaN }), 'HOMEOSTAT_INVALID_BOUNDS', 'knobs.x.min', /NaN/],
    ['text for a number', number({ max: '1' }), 'HOMEOSTAT_INVALID_BOUNDS', 'knobs.x.max', /"1"/],
    ['a huge bound', number({ max: 1e300 }), 'HOMEOSTAT_INVALID_BOUNDS', 'knobs.x.max', /1e\+300/],
    [
      'inverted bounds',
      number({ min: 1, max: 0 }),
      'HOMEOSTAT_INVALID_BOUNDS',
      'knobs.x.max',
      /above knobs.x.min \(1\), received 0/,
    ],
    ['zero width', number({ min: 1, max: 1, initial: 1 }), 'HOMEOSTAT_INVALID_BOUNDS', 'knobs.x.max', /received 1/],
    [
      'log through zero',
      number({ scale: 'log' }),
      'HOMEOSTAT_INVALID_SCALE',
      'knobs.x.min',
      /above 0 on a log scale, received 0/,
    ],
    ['log below zero', number({ min: -1, scale: 'log' }), 'HOMEOSTAT_INVALID_SCALE', 'knobs.x.min', /-1/],
    ['an unknown scale', number({ scale: 'cubic' }), 'HOMEOSTAT_INVALID_OPTION', 'knobs.x.scale', /"cubic"/],
    [
      'initial outside',
      number({ initial: 2 }),
      'HOMEOSTAT_INVALID_BOUNDS',
      'knobs.x.initial',
      /from 0 to 1, received 2/,
    ],
    ['no initial', number({ initial: undefined }), 'HOMEOSTAT_INVALID_BOUNDS', 'knobs.x.initial', /undefined/],
    ['a typo in a knob', number({ intial: 1 }), 'HOMEOSTAT_UNKNOWN_OPTION', 'knobs.x.intial', /min, max, initial/],
    ['a negative lag', number({ lag: -1 }), 'HOMEOSTAT_INVALID_OPTION', 'knobs.x.lag', /-1/],
    ['apply that is no function', number({ apply: 1 }), 'HOMEOSTAT_INVALID_OPTION', 'knobs.x.apply', /a function/],
    ['shadow that is no recipe', number({ shadow: {} }), 'HOMEOSTAT_INVALID_OPTION', 'knobs.x.shadow', /recipe/],
    [
      'a fraction of an integer',
      { knobs: { n: knob.integer({ min: 0.5, max: 2, initial: 1 }) } },
      'HOMEOSTAT_INVALID_BOUNDS',
      'knobs.n.min',
      /whole/,
    ],
    [
      'a duration of no unit',
      { knobs: { d: knob.duration({ min: '1' as never, max: '2s', initial: '1s' }) } },
      'HOMEOSTAT_INVALID_BOUNDS',
      'knobs.d.min',
      /"1"/,
    ],
    [
      'a negative duration',
      { knobs: { d: knob.duration({ min: '-1s', max: '2s', initial: '1s' }) } },
      'HOMEOSTAT_INVALID_BOUNDS',
      'knobs.d.min',
      /at least 0/,
    ],
    [
      'half a byte',
      { knobs: { b: knob.bytes({ min: 0.5, max: '1MiB', initial: 1 }) } },
      'HOMEOSTAT_INVALID_BOUNDS',
      'knobs.b.min',
      /whole/,
    ],
    [
      'one choice',
      { knobs: { c: knob.choice({ choices: ['a'], initial: 'a' }) } },
      'HOMEOSTAT_INVALID_OPTION',
      'knobs.c.choices',
      /2 to 64/,
    ],
    [
      'the same choice twice',
      { knobs: { c: knob.choice({ choices: ['a', 'b', 'a'], initial: 'a' }) } },
      'HOMEOSTAT_DUPLICATE_NAME',
      'knobs.c.choices',
      /"a"/,
    ],
    [
      'an initial choice of no choice',
      { knobs: { c: knob.choice({ choices: ['a', 'b'], initial: 'z' as never }) } },
      'HOMEOSTAT_INVALID_OPTION',
      'knobs.c.initial',
      /"z"/,
    ],
    ['no knobs', { knobs: {} }, 'HOMEOSTAT_INVALID_OPTION', 'knobs', /1 to 32/],
    ['a knob that is none', { knobs: { x: 4 } }, 'HOMEOSTAT_INVALID_OPTION', 'knobs.x', /4/],
    [
      'a knob named constructor',
      { knobs: { constructor: base.knobs.ttl } },
      'HOMEOSTAT_INVALID_NAME',
      'knobs.constructor',
      /letter/,
    ],
    ['a knob with a dot', { knobs: { 'a.b': base.knobs.ttl } }, 'HOMEOSTAT_INVALID_NAME', 'knobs.a.b', /letter/],
    ['no signals', { signals: {} }, 'HOMEOSTAT_INVALID_OPTION', 'signals', /1 to 64/],
    [
      '65 signals',
      { signals: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`s${i}`, signal.count()])) },
      'HOMEOSTAT_INVALID_OPTION',
      'signals',
      /65/,
    ],
    ['an empty name', { name: '' }, 'HOMEOSTAT_INVALID_NAME', 'name', /""/],
    ['a name that is a path', { name: '../etc' }, 'HOMEOSTAT_INVALID_NAME', 'name', /etc/],
    ['an unknown option', { windwo: 250 }, 'HOMEOSTAT_UNKNOWN_OPTION', 'windwo', /window/],
    ['no objective', { minimize: undefined }, 'HOMEOSTAT_INVALID_OPTION', 'minimize', /maximize/],
    ['two objectives', { maximize: () => 1 }, 'HOMEOSTAT_INVALID_OPTION', 'minimize', /both/],
    ['an objective that is no function', { minimize: 5 }, 'HOMEOSTAT_INVALID_OPTION', 'minimize', /5/],
    ['a window of 1 ms', { window: 1 }, 'HOMEOSTAT_INVALID_OPTION', 'window', /10 ms to 60000 ms/],
    ['a window of NaN', { window: Number.NaN }, 'HOMEOSTAT_INVALID_OPTION', 'window', /NaN/],
    ['an unknown mode', { mode: 'yolo' }, 'HOMEOSTAT_INVALID_OPTION', 'mode', /observe/],
    ['an unknown preset', { guardrails: 'wild' }, 'HOMEOSTAT_INVALID_OPTION', 'guardrails', /balanced/],
    [
      'an unknown guardrail',
      { guardrails: { maxdelta: 1 } },
      'HOMEOSTAT_UNKNOWN_OPTION',
      'guardrails.maxdelta',
      /maxDelta/,
    ],
    ['a delta of 2', { guardrails: { maxDelta: 2 } }, 'HOMEOSTAT_INVALID_OPTION', 'guardrails.maxDelta', /received 2/],
    [
      'a constraint on nothing',
      { constraints: { 'latncy.p99': { max: 1 } } },
      'HOMEOSTAT_UNKNOWN_SIGNAL',
      'constraints.latncy.p99',
      /latency, miss/,
    ],
    [
      'a constraint on a typo',
      { constraints: { 'latency.p98': { max: 1 } } },
      'HOMEOSTAT_UNKNOWN_OPTION',
      'constraints.latency.p98',
      /latency\.p99/,
    ],
    [
      'a statistic of a ratio',
      { constraints: { 'miss.p99': { max: 1 } } },
      'HOMEOSTAT_UNKNOWN_OPTION',
      'constraints.miss.p99',
      /one of miss/,
    ],
    [
      'a constraint without bound',
      { constraints: { miss: {} } },
      'HOMEOSTAT_INVALID_OPTION',
      'constraints.miss',
      /max/,
    ],
    [
      'a constraint of NaN',
      { constraints: { miss: { max: Number.NaN } } },
      'HOMEOSTAT_INVALID_OPTION',
      'constraints.miss.max',
      /NaN/,
    ],
    [
      'an empty constraint',
      { constraints: { miss: { min: 2, max: 1 } } },
      'HOMEOSTAT_INVALID_OPTION',
      'constraints.miss.min',
      /at most/,
    ],
    ['a ring of 100', { ring: 100 }, 'HOMEOSTAT_INVALID_OPTION', 'ring', /power of two/],
    ['no lanes', { lanes: 0 }, 'HOMEOSTAT_INVALID_OPTION', 'lanes', /1 to 256/],
    ['a seed of -1', { seed: -1 }, 'HOMEOSTAT_INVALID_OPTION', 'seed', /-1/],
    ['a run id with spaces', { runId: 'a b' }, 'HOMEOSTAT_INVALID_OPTION', 'runId', /"a b"/],
    ['a clock without time', { clock: {} }, 'HOMEOSTAT_INVALID_OPTION', 'clock.nowUs', /function/],
    ['a journal of nothing', { journal: {} }, 'HOMEOSTAT_INVALID_OPTION', 'journal.folder', /path/],
    ['a tiny journal', { journal: { memory: 5 } }, 'HOMEOSTAT_INVALID_OPTION', 'journal.memory', /65536/],
    ['a queue of 3', { journalQueue: 3 }, 'HOMEOSTAT_INVALID_OPTION', 'journalQueue', /64 to 65536/],
    ['an endless close', { closeTimeout: '2h' }, 'HOMEOSTAT_INVALID_OPTION', 'closeTimeout', /"2h"/],
  ])('%s', async (_, options, code, option, text) => {
    const error = await refusal(options)
    expect({ code: error.code, option: error.option }).toEqual({ code, option })
    expect(error.message).toMatch(text)
    expect(error.message.startsWith(option)).toBe(true)
  })

  test('options that are none', async () => {
    await expect(homeostat(undefined as never)).rejects.toMatchObject({ code: 'HOMEOSTAT_INVALID_OPTION' })
    await expect(homeostat([] as never)).rejects.toMatchObject({ code: 'HOMEOSTAT_INVALID_OPTION' })
  })
})

describe('units', () => {
  test('durations and sizes read as numbers of milliseconds and bytes', async () => {
    const tuner = await homeostat({
      ...base,
      knobs: {
        a: knob.duration({ min: '250ms', max: '2m', initial: '30s' }),
        b: knob.duration({ min: 1, max: '1h', initial: 2500 }),
        c: knob.bytes({ min: '64kB', max: '1MiB', initial: '128KiB', scale: 'log' }),
        d: knob.boolean({ initial: true }),
        e: knob.choice({ choices: ['lru', 'lfu'], initial: 'lfu' }),
        f: knob.number({ min: 0, max: 360, initial: 90, scale: 'periodic' }),
      },
    })
    expect(tuner.snapshot().values).toEqual({ a: 30_000, b: 2500, c: 131_072, d: true, e: 'lfu', f: 90 })
    expect(JSON.parse(JSON.stringify(tuner.knobs))).toEqual(tuner.snapshot().values)
    await tuner.close()
  })
})

describe('guardrails', () => {
  const ranges = [
    ['maxDelta', 0.001, 1, 0.0009, 1.1],
    ['updatesPerSecond', 1, 100, 0.5, 101],
    ['minInterval', 0, '1m', -1, '61s'],
    ['flipsPerMinute', 0, 60, -1, 61],
    ['cooldown', 0, '1h', -1, '61m'],
    ['cumulativePerMinute', 0.001, 60, 0.0009, 61],
    ['regressions', 1, 100, 0, 101],
    ['probeAmplitude', 0, 0.1, -0.1, 0.11],
    ['rollbackAfter', 1, 100, 0, 101],
    ['rollbacksPerHour', 0, 1000, -1, 1001],
    ['minStable', 0, '1h', -1, '61m'],
    ['challengesPerHour', 0, 1000, -1, 1001],
    ['backOffsPerHour', 0, 1000, -1, 1001],
  ] as const

  test.each(ranges)(
    '%s: both ends are taken by the core, what is beyond is refused here',
    async (key, from, to, ...beyond) => {
      for (const value of [from, to]) {
        const { tuner } = await cacheTuner({ guardrails: { [key]: value } })
        await tuner.close()
      }
      for (const value of beyond) {
        await expect(cacheTuner({ guardrails: { [key]: value } })).rejects.toMatchObject({
          code: 'HOMEOSTAT_INVALID_OPTION',
          option: `guardrails.${key}`,
          received: value,
        })
      }
    },
  )

  test('steps smaller than the default probes make smaller probes', async () => {
    const { tuner } = await cacheTuner({ guardrails: { preset: 'aggressive', maxDelta: 0.03 } })
    tuner.tick()
    const start = JSON.parse(new TextDecoder().decode(tuner.journal.read?.()).split('\n')[0] as string)
    expect(start.payload.guardrails).toMatchObject({ max_delta: 0.03, probe_amplitude: 0.03 })
    await tuner.close()
  })

  test('a lag of 10 min is the longest', async () => {
    const knobs = (lag: string) => ({ x: knob.number({ min: 0, max: 1, initial: 0.5, lag: lag as '1m' }) })
    const { tuner } = await cacheTuner({ knobs: knobs('10m') })
    await tuner.close()
    await expect(cacheTuner({ knobs: knobs('30m') })).rejects.toMatchObject({
      code: 'HOMEOSTAT_INVALID_OPTION',
      option: 'knobs.x.lag',
      received: '30m',
    })
  })
})
