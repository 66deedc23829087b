import { describe, expect, test } from 'vitest'
import { isHomeostatError, knob, minimize, NoResultError, type Progress } from '../../ts/entries/solver/node.js'
import { bowl, line, space } from './spaces.js'

describe('finds the best point', () => {
  test('of a mixed space, with values of the declared types', async () => {
    const seen: Progress[] = []
    const best = await minimize(
      ({ lr, depth, kind, cold }) => {
        expect([typeof lr, typeof depth, typeof kind, typeof cold]).toEqual(['number', 'number', 'string', 'boolean'])
        expect(Number.isInteger(depth)).toBe(true)
        return (Math.log10(lr) + 2) ** 2 + (depth - 7) ** 2 / 10 + (kind === 'b' ? 0 : 1) + (cold ? 0.5 : 0)
      },
      { space, budget: 120, seed: 7, onProgress: (progress) => seen.push(progress) },
    )
    expect(best.stopped).toBe('budget')
    expect(best.done).toBe(120)
    expect(best.value).toBeLessThan(0.3)
    expect(best.params).toMatchObject({ kind: 'b', cold: false })
    expect(seen.map(({ done }) => done)).toEqual(Array.from({ length: 120 }, (_, i) => i + 1))
    expect(seen.at(-1)).toMatchObject({ budget: 120, running: 0, attempts: 1, notFinite: false, state: 'complete' })
    expect(seen.at(-1)?.best).toMatchObject({ trial: best.trial, params: best.params })
    expect(seen.find(({ trial }) => trial === best.trial)).toMatchObject({ params: best.params, improved: true })
  })

  test('the highest value with `maximize`, told with its own sign everywhere', async () => {
    const seen: Progress[] = []
    const best = await minimize(({ x }) => 5 - bowl({ x }), {
      space: line,
      budget: 40,
      maximize: true,
      onProgress: (progress) => seen.push(progress),
    })
    expect(best.value).toBeGreaterThan(4.99)
    expect(best.params.x).toBeCloseTo(0.3, 1)
    expect(best.explanation.best?.value).toBe(best.value)
    for (const { value, params, best } of seen) {
      expect(value).toBe(5 - bowl(params as never))
      expect(best?.value).toBeGreaterThanOrEqual(value as number)
    }
  })

  test('the same seed gives the same points, another seed others', async () => {
    const points = async (seed: number) => {
      const seen: object[] = []
      const evaluate = (params: { lr: number; depth: number }) => {
        seen.push(params)
        return Math.abs(params.depth - 5 + Math.log10(params.lr))
      }
      await minimize(evaluate, { space, budget: 30, seed })
      return seen
    }
    const first = await points(1)
    expect(await points(1)).toEqual(first)
    expect(await points(2)).not.toEqual(first)
  })

  test('a finite space is exhausted without a repeat', async () => {
    const seen = new Set<string>()
    const best = await minimize(
      async (params) => {
        expect(seen.has(JSON.stringify(params))).toBe(false)
        seen.add(JSON.stringify(params))
        return params.n + (params.b ? 1 : 0)
      },
      { space: { n: knob.integer({ min: 1, max: 5 }), b: knob.boolean() }, budget: 50, concurrency: 3 },
    )
    expect(best).toMatchObject({ stopped: 'exhausted', done: 10, value: 1, params: { n: 1, b: false } })
  })

  test('durations in milliseconds, sizes in bytes, choices of any literal', async () => {
    const best = await minimize(({ wait, size, level }) => wait / 1000 + size / 2 ** 20 + (level === 2 ? 0 : 10), {
      space: {
        wait: knob.duration({ min: '1s', max: '1m', scale: 'log' }),
        size: knob.bytes({ min: '1MiB', max: '64MiB' }),
        level: knob.choice({ choices: [1, 2, true] }),
      },
      budget: 80,
    })
    expect(best.params.level).toBe(2)
    expect(best.params.wait).toBeGreaterThanOrEqual(1000)
    expect(best.params.size % 1).toBe(0)
  })

  test('the declaration of a live tuner will do; the point that it starts from comes first and counts', async () => {
    const points: object[] = []
    const live = {
      ttl: knob.duration({ min: '30s', max: '900s', initial: '300s', scale: 'log', lag: '1s' }),
      n: knob.integer({ min: 1, max: 64, initial: 8, apply: () => {} }),
    }
    const evaluate = (params: { ttl: number; n: number }) => {
      points.push(params)
      return params.ttl
    }
    const best = await minimize(evaluate, {
      space: live,
      budget: 5,
      concurrency: 4,
    })
    expect(points[0]).toEqual({ ttl: 300_000, n: 8 })
    expect(points).toHaveLength(5)
    expect(best.done).toBe(5)
  })
})

describe('constraints', () => {
  test('what misses one is never the best', async () => {
    const best = await minimize(({ x }) => ({ value: -x, constraints: { load: x * 10, spare: 1 - x } }), {
      space: line,
      budget: 60,
      constraints: { load: { max: 6 }, spare: { min: 0.2 } },
    })
    expect(best.params.x).toBeLessThanOrEqual(0.6)
    expect(best.params.x).toBeGreaterThan(0.5)
  })

  test('nothing that keeps them is no result, and loses nothing', async () => {
    const run = minimize(({ x }) => ({ value: x, constraints: { load: Number.NaN } }), {
      space: line,
      budget: 4,
      constraints: { load: { max: 1 } },
    })
    const error = await run.catch((error) => error)
    expect(error).toBeInstanceOf(NoResultError)
    expect(error).toMatchObject({
      code: 'HOMEOSTAT_STUDY_NO_RESULT',
      message: expect.stringMatching(/4 missed a constraint/),
    })
    expect(error.study.split('\n').filter((line: string) => line.startsWith('{"tell"'))).toHaveLength(4)
  })

  test('a measurement that is missing fails the trial', async () => {
    const seen: Progress[] = []
    const run = minimize((() => ({ value: 1, constraints: {} })) as never, {
      space: line,
      budget: 2,
      constraints: { load: { max: 1 } },
      onProgress: (progress) => seen.push(progress),
    })
    await expect(run).rejects.toMatchObject({ code: 'HOMEOSTAT_STUDY_NO_RESULT' })
    expect(seen[0]).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(/constraints\.load must be a number/),
    })
  })
})

describe('earlier results', () => {
  test('are known before the first evaluation and cost nothing', async () => {
    const warmStart = [0.1, 0.9, 0.31].map((x) => ({ params: { x }, value: bowl({ x }) }))
    const seen: Progress[] = []
    const best = await minimize(bowl, {
      space: line,
      budget: 3,
      warmStart,
      onProgress: (progress) => seen.push(progress),
    })
    expect(best.done).toBe(3)
    expect(best.explanation.trials).toMatchObject({ added: 3, total: 6 })
    expect(seen[0]?.best?.value).toBeLessThanOrEqual(bowl({ x: 0.31 }))
  })
})

test('a run is what a solver goes on from', async () => {
  const best = await minimize(bowl, { space: line, budget: 10 })
  expect(best.study.split('\n').length).toBeGreaterThan(20)
  expect(best.elapsedMs).toBeGreaterThanOrEqual(0)
})

describe('options that cannot be meant are refused with code, option, range and value', () => {
  const refusal = async (options: object, evaluate: unknown = bowl) => {
    try {
      await minimize(evaluate as never, { space: line, budget: 1, ...options } as never)
    } catch (error) {
      if (isHomeostatError(error)) return error
      throw error
    }
    throw new Error('was accepted')
  }
  const number = (options: object) => ({ space: { x: knob.number({ min: 0, max: 1, ...options } as never) } })

  test.each([
    ['no space', { space: undefined }, 'HOMEOSTAT_INVALID_OPTION', 'space'],
    ['an empty space', { space: {} }, 'HOMEOSTAT_INVALID_OPTION', 'space'],
    ['a bad name', { space: { '1x': line.x } }, 'HOMEOSTAT_INVALID_NAME', 'space.1x'],
    ['no knob', { space: { x: { min: 0 } } }, 'HOMEOSTAT_INVALID_OPTION', 'space.x'],
    ['no bound', number({ max: undefined }), 'HOMEOSTAT_INVALID_BOUNDS', 'space.x.max'],
    ['an unbounded knob', number({ max: Number.POSITIVE_INFINITY }), 'HOMEOSTAT_INVALID_BOUNDS', 'space.x.max'],
    ['inverted bounds', number({ min: 2 }), 'HOMEOSTAT_INVALID_BOUNDS', 'space.x.max'],
    ['log through zero', number({ scale: 'log' }), 'HOMEOSTAT_INVALID_SCALE', 'space.x.min'],
    ['an initial outside', number({ initial: 3 }), 'HOMEOSTAT_INVALID_BOUNDS', 'space.x.initial'],
    ['a typo in a knob', number({ maxx: 3 }), 'HOMEOSTAT_UNKNOWN_OPTION', 'space.x.maxx'],
    ['one choice', { space: { x: knob.choice({ choices: ['a'] }) } }, 'HOMEOSTAT_INVALID_OPTION', 'space.x.choices'],
    [
      'a choice twice',
      { space: { x: knob.choice({ choices: [1, 1] }) } },
      'HOMEOSTAT_DUPLICATE_NAME',
      'space.x.choices',
    ],
    ['a typo', { budgett: 3 }, 'HOMEOSTAT_UNKNOWN_OPTION', 'budgett'],
    ['no budget', { budget: 0 }, 'HOMEOSTAT_INVALID_OPTION', 'budget'],
    ['a fraction', { budget: 1.5 }, 'HOMEOSTAT_INVALID_OPTION', 'budget'],
    ['a huge seed', { seed: 2 ** 32 }, 'HOMEOSTAT_INVALID_OPTION', 'seed'],
    ['no such strategy', { strategy: 'magic' }, 'HOMEOSTAT_INVALID_OPTION', 'strategy'],
    ['nothing at once', { concurrency: 0 }, 'HOMEOSTAT_INVALID_OPTION', 'concurrency'],
    ['a negative retry', { retry: -1 }, 'HOMEOSTAT_INVALID_OPTION', 'retry'],
    ['a timeout of nothing', { timeout: 0 }, 'HOMEOSTAT_INVALID_OPTION', 'timeout'],
    ['no signal', { signal: {} }, 'HOMEOSTAT_INVALID_OPTION', 'signal'],
    ['no listener', { onProgress: 1 }, 'HOMEOSTAT_INVALID_OPTION', 'onProgress'],
    ['a target that is no number', { stop: { target: Number.NaN } }, 'HOMEOSTAT_INVALID_OPTION', 'stop.target'],
    ['a typo in stop', { stop: { tarket: 1 } }, 'HOMEOSTAT_UNKNOWN_OPTION', 'stop.tarket'],
    ['no limit', { constraints: { a: {} } }, 'HOMEOSTAT_INVALID_OPTION', 'constraints.a'],
    ['limits that cross', { constraints: { a: { min: 2, max: 1 } } }, 'HOMEOSTAT_INVALID_OPTION', 'constraints.a.max'],
    [
      'an unknown knob',
      { warmStart: [{ params: { y: 1 }, value: 1 }] },
      'HOMEOSTAT_UNKNOWN_KNOB',
      'warmStart[0].params.y',
    ],
    ['no value', { warmStart: [{ params: { x: 1 } }] }, 'HOMEOSTAT_INVALID_OPTION', 'warmStart[0].value'],
    ['no such pruner', { pruner: 'mean' }, 'HOMEOSTAT_INVALID_OPTION', 'pruner.kind'],
    ['no checkpoint', { checkpoint: 5 }, 'HOMEOSTAT_INVALID_OPTION', 'checkpoint'],
  ])('%s', async (_, options, code, option) => {
    expect(await refusal(options)).toMatchObject({ code, option, message: expect.stringContaining(option) })
  })

  test('no function', async () => {
    expect(await refusal({}, 5)).toMatchObject({ code: 'HOMEOSTAT_INVALID_OPTION', option: 'evaluate' })
  })

  test('what the core refuses comes with its code', async () => {
    expect(await refusal({ strategy: 'tpe', strategyParams: { startups: 5 } })).toMatchObject({
      code: 'HOMEOSTAT_INVALID_OPTION',
      message: expect.stringMatching(/startups.*startup/),
    })
    expect(await refusal({ warmStart: [{ params: { x: 2 }, value: 1 }] })).toMatchObject({
      code: 'HOMEOSTAT_INVALID_OPTION',
      message: expect.stringMatching(/x.*0 to 1/),
    })
  })
})
