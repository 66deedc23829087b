/** What becomes of a run: evaluations that fail or take long, several at once, what ends it, and who listens. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { minimize, type Progress } from '../../ts/entries/solver/node.js'
import { sleep, until } from '../support/folder.js'
import { bowl, line } from './spaces.js'

describe('evaluations that fail', () => {
  test('are repeated, then their trial has failed, and the run goes on', async () => {
    const seen: Progress[] = []
    let calls = 0
    const best = await minimize(
      ({ x }, { attempt, trial }) => {
        calls++
        if (x > 0.7) throw new Error(`no luck with ${trial}, attempt ${attempt}`)
        return bowl({ x })
      },
      { space: line, budget: 30, retry: 2, onProgress: (progress) => seen.push(progress) },
    )
    const failed = seen.filter(({ state }) => state === 'failed')
    expect(failed.length).toBeGreaterThan(0)
    expect(calls).toBe(30 + 2 * failed.length)
    for (const { trial, attempts, reason, value } of failed) {
      expect([attempts, value]).toEqual([3, undefined])
      expect(reason).toBe(`no luck with ${trial}, attempt 3`)
    }
    expect(best.params.x).toBeCloseTo(0.3, 1)
    expect(best.explanation.trials).toMatchObject({ failed: failed.length, complete: 30 - failed.length })
  })

  test('a failure that passes is no failed trial', async () => {
    const seen: Progress[] = []
    let fail = true
    await minimize(
      async ({ x }) => {
        fail = !fail
        if (!fail) throw new Error('once')
        return bowl({ x })
      },
      { space: line, budget: 4, retry: { times: 1, delay: 1 }, onProgress: (progress) => seen.push(progress) },
    )
    expect(seen.map(({ state, attempts }) => [state, attempts])).toEqual(Array(4).fill(['complete', 2]))
  })

  test.each([
    ['NaN', Number.NaN],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['-Infinity', Number.NEGATIVE_INFINITY],
  ])('%s counts as the worst and is reported', async (_, value) => {
    const seen: Progress[] = []
    const best = await minimize(({ x }) => (x > 0.5 ? value : bowl({ x })), {
      space: line,
      budget: 20,
      onProgress: (progress) => seen.push(progress),
    })
    const reported = seen.filter(({ notFinite }) => notFinite)
    expect(reported.length).toBeGreaterThan(0)
    for (const { value, params } of reported)
      expect([value, (params as { x: number }).x > 0.5]).toEqual([undefined, true])
    expect(best.params.x).toBeLessThanOrEqual(0.5)
    expect(best.explanation.trials.not_finite).toBe(reported.length)
  })

  test.each([
    ['undefined', () => undefined, /result of evaluate must be a number or \{ value \}, received undefined/],
    ['text', () => '3', /received "3"/],
    ['no value', () => ({ loss: 3 }), /evaluate\.value must be a number/],
    ['constraints that nobody declared', () => ({ value: 1, constraints: { a: 1 } }), /constraints must be left out/],
  ])('%s is no result', async (_, evaluate, reason) => {
    const run = minimize(evaluate as never, { space: line, budget: 2 })
    const error = await run.catch((error) => error)
    expect(error.code).toBe('HOMEOSTAT_STUDY_NO_RESULT')
    expect(error.message).toMatch(/none of 2 evaluations gave a result: 2 failed/)
    expect(error.message).toMatch(reason)
  })

  test('one that runs too long has failed; its signal says so, and what it gives later is not looked at', async () => {
    const seen: Progress[] = []
    const signals: AbortSignal[] = []
    const best = await minimize(
      async ({ x }, { trial, signal }) => {
        signals.push(signal)
        if (trial === 1) await sleep(300)
        if (trial === 2) await new Promise(() => {})
        return bowl({ x })
      },
      { space: line, budget: 5, timeout: 30, grace: 20, onProgress: (progress) => seen.push(progress) },
    )
    expect(best.done).toBe(5)
    for (const trial of [1, 2]) {
      expect(seen[trial]).toMatchObject({ trial, state: 'failed', reason: 'ran longer than 30 ms' })
      expect(signals[trial]?.aborted).toBe(true)
    }
    expect(signals[0]?.aborted).toBe(false)
  })
})

describe('side by side', () => {
  test('never more than allowed, told as they end', async () => {
    let running = 0
    let most = 0
    const order: number[] = []
    const best = await minimize(
      async ({ x }, { trial }) => {
        most = Math.max(most, ++running)
        // The first four wait for each other, and the first of them for the second to be told.
        if (trial < 4) await until(() => most === 4 && (trial > 0 || order.includes(1)))
        else await sleep(trial % 3 === 0 ? 12 : 2)
        running--
        return bowl({ x })
      },
      { space: line, budget: 40, concurrency: 4, onProgress: ({ trial }) => order.push(trial) },
    )
    expect(most).toBe(4)
    expect(best.done).toBe(40)
    expect(order.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => i))
    expect(order).not.toEqual(order.toSorted((a, b) => a - b))
  })

  test('evaluations that never wait leave others their turn', async () => {
    let turns = 0
    const timer = setInterval(() => turns++, 1)
    await minimize(
      ({ x }) => {
        const end = performance.now() + 2
        while (performance.now() < end);
        return bowl({ x })
      },
      { space: line, budget: 50 },
    )
    clearInterval(timer)
    expect(turns).toBeGreaterThan(3)
  })
})

describe('stops', () => {
  test('when told to, with what is best so far, even where an evaluation does not listen', async () => {
    const abort = new AbortController()
    let calls = 0
    const start = performance.now()
    const best = await minimize(
      async ({ x }, { signal }) => {
        if (++calls === 6) {
          setTimeout(() => abort.abort(), 5)
          await new Promise(() => {})
        }
        expect(signal.aborted).toBe(false)
        return bowl({ x })
      },
      { space: line, budget: 1000, signal: abort.signal, grace: 100 },
    )
    expect(best).toMatchObject({ stopped: 'aborted', done: 5 })
    expect(performance.now() - start).toBeLessThan(50_000)
    expect(best.explanation.trials).toMatchObject({ open: 1, complete: 5 })
  })

  test('an evaluation that ends in time is kept', async () => {
    const abort = new AbortController()
    const best = await minimize(
      async ({ x }, { trial, signal }) => {
        if (trial < 3) return bowl({ x })
        abort.abort()
        expect(signal.aborted).toBe(true)
        await sleep(5)
        return bowl({ x })
      },
      { space: line, budget: 1000, signal: abort.signal },
    )
    expect(best).toMatchObject({ stopped: 'aborted', done: 4 })
  })

  test('with the reason of the signal where there is nothing yet', async () => {
    const why = new Error('changed my mind')
    await expect(minimize(bowl, { space: line, signal: AbortSignal.abort(why) })).rejects.toBe(why)
    const abort = new AbortController()
    const run = minimize(() => new Promise<number>(() => {}), { space: line, signal: abort.signal, grace: 10 })
    setTimeout(() => abort.abort(why), 20)
    await expect(run).rejects.toBe(why)
  })

  test('at a target', async () => {
    const best = await minimize(bowl, { space: line, budget: 1000, stop: { target: 0.01 } })
    expect(best.stopped).toBe('target')
    expect(best.value).toBeLessThanOrEqual(0.01)
    const most = await minimize(({ x }) => -bowl({ x }), {
      space: line,
      budget: 1000,
      maximize: true,
      stop: { target: -0.01 },
    })
    expect(most.stopped).toBe('target')
    expect(most.value).toBeGreaterThanOrEqual(-0.01)
  })

  test('without a gain for long', async () => {
    const best = await minimize(() => 1, { space: line, budget: 1000, stop: { noGain: 10 } })
    expect(best).toMatchObject({ stopped: 'no-gain', done: 11 })
  })

  test('when its time is over', async () => {
    const start = performance.now()
    const best = await minimize(async ({ x }) => sleep(3).then(() => bowl({ x })), {
      space: line,
      budget: 1e6,
      stop: { after: 100 },
      // On a slow machine that may be all there is.
      warmStart: [{ params: { x: 0.9 }, value: bowl({ x: 0.9 }) }],
    })
    expect(best.stopped).toBe('time')
    expect(performance.now() - start).toBeLessThan(50_000)
  })

  test('when everything fails', async () => {
    let calls = 0
    const run = minimize(
      () => {
        calls++
        throw new Error('always')
      },
      { space: line, budget: 1000, stop: { failures: 7 } },
    )
    await expect(run).rejects.toMatchObject({
      code: 'HOMEOSTAT_STUDY_NO_RESULT',
      message: expect.stringMatching(/always/),
    })
    expect(calls).toBe(7)
  })

  test('while it waits to repeat', async () => {
    const abort = new AbortController()
    const run = minimize(
      ({ x }, { trial }) => {
        if (trial === 0) return bowl({ x })
        setTimeout(() => abort.abort(), 30)
        throw new Error('no')
      },
      { space: line, retry: { times: 100, delay: '1h' }, signal: abort.signal },
    )
    expect(await run).toMatchObject({ stopped: 'aborted', done: 1 })
  })
})

describe('listeners', () => {
  const warn = vi.spyOn(process.stderr, 'write')
  beforeEach(() => void warn.mockImplementation(() => true))
  afterEach(() => warn.mockReset())

  test('that throw are counted and warned of once', async () => {
    const best = await minimize(bowl, {
      space: line,
      budget: 5,
      onProgress: () => {
        throw new Error('the bar broke')
      },
    })
    expect(best.listenerErrors).toBe(5)
    expect(warn.mock.calls.map(([text]) => String(text)).filter((text) => text.includes('the bar broke'))).toHaveLength(
      1,
    )
  })
})
