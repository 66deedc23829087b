import { describe, expect, test } from 'vitest'
import { knob, minimize, type Progress } from '../../ts/entries/solver/node.js'
import { HalvingPruner, MedianPruner, makePruner } from '../../ts/solver/prune.js'

const line = { x: knob.number({ min: 0, max: 1 }) }

describe('median', () => {
  const trained = () => {
    const pruner = new MedianPruner(3, 0)
    for (const [trial, value] of [1, 2, 3].entries()) {
      expect(pruner.report(trial, 0, value + 10)).toBe(false)
      expect(pruner.report(trial, 1, value)).toBe(false)
      pruner.end(trial, true)
    }
    return pruner
  }

  test('gives up what is worse at its best than the median of complete trials at that step', () => {
    expect(trained().report(3, 1, 2.5)).toBe(true)
    expect(trained().report(3, 1, 2)).toBe(false)
    const pruner = trained()
    expect(pruner.report(3, 0, 1)).toBe(false)
    expect(pruner.report(3, 1, 99)).toBe(false)
  })

  test('compares with nothing that was given up, and knows nothing of other steps', () => {
    const pruner = trained()
    pruner.report(3, 1, -100)
    pruner.end(3, false)
    expect(pruner.report(4, 1, 2)).toBe(false)
    expect(pruner.report(5, 7, 1e9)).toBe(false)
  })

  test('what is not finite is worse than any', () => {
    expect(trained().report(3, 1, Number.NaN)).toBe(true)
  })

  test('waits for `startup` trials and `warmup` steps', () => {
    const pruner = new MedianPruner(1, 2)
    for (const step of [0, 1, 2]) pruner.report(0, step, 1)
    expect(pruner.report(1, 2, 9)).toBe(false)
    pruner.end(0, true)
    pruner.end(1, false)
    expect([0, 1, 2].map((step) => pruner.report(2, step, 9))).toEqual([false, false, true])
  })
})

describe('halving', () => {
  test('at each rung the best share goes on', () => {
    const pruner = new HalvingPruner(1, 2)
    expect([4, 3, 5, 2, 6].map((value, trial) => pruner.report(trial, 1, value))).toEqual([
      false,
      false,
      true,
      false,
      true,
    ])
    expect(pruner.report(3, 2, 10)).toBe(false)
    expect(pruner.report(1, 2, 11)).toBe(true)
    expect(pruner.report(0, 1.5, 99)).toBe(false)
  })

  test('a step that leaps over rungs passes each of them', () => {
    const pruner = new HalvingPruner(1, 3)
    expect(pruner.report(0, 9, 1)).toBe(false)
    expect(pruner.report(1, 3, 2)).toBe(true)
  })
})

test('options', () => {
  expect(makePruner(undefined)).toBeUndefined()
  expect(makePruner('median')).toBeInstanceOf(MedianPruner)
  expect(makePruner({ kind: 'halving', first: 5, factor: 3 })).toBeInstanceOf(HalvingPruner)
  for (const bad of [
    'best',
    { kind: 'median', factor: 3 },
    { kind: 'halving', factor: 1 },
    { kind: 'median', startup: 0 },
  ]) {
    expect(() => makePruner(bad)).toThrow(expect.objectContaining({ code: expect.stringMatching(/^HOMEOSTAT_/) }))
  }
})

describe('in a run', () => {
  const train = async (pruner: 'median' | 'halving' | undefined, maximize = false) => {
    let steps = 0
    const seen: Progress[] = []
    const sign = maximize ? -1 : 1
    const best = await minimize(
      async ({ x }, { report }) => {
        let loss = 0
        for (let epoch = 1; epoch <= 16; epoch++) {
          steps++
          loss = sign * ((x - 0.3) ** 2 + 1 / epoch)
          report(epoch, loss)
        }
        return loss
      },
      {
        space: line,
        budget: 60,
        maximize,
        strategy: 'random',
        onProgress: (progress) => seen.push(progress),
        ...(pruner === undefined ? {} : { pruner }),
      },
    )
    return { steps, seen, best }
  }

  test.each([
    ['median', false],
    ['median', true],
    ['halving', false],
    ['halving', true],
  ] as const)('%s spares work and keeps the best (maximize: %s)', async (pruner, maximize) => {
    const all = await train(undefined, maximize)
    const { steps, seen, best } = await train(pruner, maximize)
    expect(all.steps).toBe(60 * 16)
    expect(steps).toBeLessThan(0.8 * all.steps)
    const pruned = seen.filter(({ state }) => state === 'pruned')
    expect(pruned.length).toBeGreaterThan(10)
    expect(best.explanation.trials.pruned).toBe(pruned.length)
    expect(best.params).toEqual(all.best.params)
    for (const { value } of pruned) expect(Math.sign(value as number)).toBe(maximize ? -1 : 1)
  })

  test('an evaluation that finishes all the same is complete', async () => {
    const best = await minimize(
      ({ x }, { report }) => {
        try {
          report(x)
        } catch {}
        return x
      },
      { space: line, budget: 30, pruner: { kind: 'median', startup: 1 } },
    )
    expect(best.explanation.trials).toMatchObject({ complete: 30, pruned: 0 })
  })

  test('a report that is no number fails the trial', async () => {
    const run = minimize(async ({ x }, { report }) => report('x' as never) ?? x, { space: line, budget: 1 })
    await expect(run).rejects.toMatchObject({ message: expect.stringMatching(/report\(value\) must be a number/) })
  })
})
