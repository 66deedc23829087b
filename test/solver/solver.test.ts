import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createSolver, knob, type SolverOptions } from '../../ts/entries/solver/node.js'
import { folder } from '../support/folder.js'

const line = { x: knob.number({ min: 0, max: 1 }) }
const mixed = {
  lr: knob.number({ min: 1e-5, max: 1, scale: 'log' }),
  n: knob.integer({ min: 1, max: 9 }),
  kind: knob.choice({ choices: ['a', 2, false] }),
  on: knob.boolean(),
  turn: knob.number({ min: 0, max: 360, scale: 'periodic' }),
}
const loss = ({ lr, n, kind, on }: { lr: number; n: number; kind: unknown; on: boolean }) =>
  (Math.log10(lr) + 2) ** 2 + (n - 4) ** 2 + (kind === 2 ? 0 : 1) + (on ? 0 : 1)

const code = (code: string, message = /./) => expect.objectContaining({ code, message: expect.stringMatching(message) })

/** A solver that is closed when the test ends. */
const withSolver = <T>(options: object, use: (solver: ReturnType<typeof createSolver<typeof line>>) => T): T => {
  using solver = createSolver({ space: line, ...options } as SolverOptions<typeof line>)
  return use(solver)
}

describe('ask and tell', () => {
  test('in any order, by what ask gave, by number and by params', () => {
    withSolver({ seed: 1 }, (solver) => {
      const [a, b, c] = solver.ask(3)
      expect([a?.trial, b?.trial, c?.trial]).toEqual([0, 1, 2])
      expect(solver.tell(c!, 3)).toEqual({ trial: 2, notFinite: false })
      expect(solver.tell(0, { value: 1 })).toEqual({ trial: 0, notFinite: false })
      expect(solver.tell(b!.params, { failed: new Error('no luck') }).trial).toBe(1)
      expect(solver.trials()).toEqual([
        { trial: 0, state: 'complete', params: a!.params, value: 1 },
        { trial: 1, state: 'failed', params: b!.params, reason: 'no luck' },
        { trial: 2, state: 'complete', params: c!.params, value: 3 },
      ])
      expect(solver.best()).toEqual({ trial: 0, params: a!.params, value: 1 })
      expect(solver.size).toBe(3)
    })
  })

  test('a point that was not asked for', () => {
    withSolver({}, (solver) => {
      expect(solver.add({ x: 0.25 }, 7)).toBe(0)
      expect(solver.add({ x: 0.5 }, { failed: 'broke' })).toBe(1)
      expect(solver.best()).toMatchObject({ trial: 0, params: { x: 0.25 }, value: 7 })
      expect(solver.explain().trials).toMatchObject({ added: 2, total: 2 })
      expect(solver.trial(0)).toMatchObject({ state: 'complete', value: 7 })
    })
  })

  test('pruned trials, with and without a value', () => {
    withSolver({}, (solver) => {
      const [a, b] = solver.ask(2)
      solver.tell(a!, { pruned: true, value: 4 })
      solver.tell(b!, { pruned: true })
      expect(solver.trials().map(({ state, value }) => [state, value])).toEqual([
        ['pruned', 4],
        ['pruned', undefined],
      ])
      expect(solver.best()).toBeUndefined()
    })
  })

  test('values that are not finite count as the worst, and that is said', () => {
    withSolver({}, (solver) => {
      const trials = solver.ask(3)
      expect(solver.tell(trials[0]!, 2).notFinite).toBe(false)
      expect(solver.tell(trials[1]!, Number.NaN).notFinite).toBe(true)
      expect(solver.tell(trials[2]!, Number.POSITIVE_INFINITY).notFinite).toBe(true)
      expect(solver.explain().trials.not_finite).toBe(2)
      expect(solver.best()?.trial).toBe(0)
    })
  })

  test('maximise: values keep their sign', () => {
    withSolver({ maximize: true }, (solver) => {
      const [a, b, c] = solver.ask(3)
      solver.tell(a!, 1)
      solver.tell(b!, 5)
      solver.tell(c!, { pruned: true, value: -2 })
      expect(solver.best()).toMatchObject({ trial: 1, value: 5 })
      expect(solver.trials().map(({ value }) => value)).toEqual([1, 5, -2])
    })
  })

  test('constraints come first', () => {
    using solver = createSolver({ space: line, constraints: { load: { max: 10 } } })
    const [a, b] = solver.ask(2)
    solver.tell(a!, { value: 1, constraints: { load: 12 } })
    expect(solver.best()).toBeUndefined()
    solver.tell(b!, { value: 9, constraints: { load: 8 } })
    expect(solver.best()?.trial).toBe(1)
    expect(solver.trials().map(({ margin }) => margin)).toEqual([-0.2, 0.2])
    expect(() => solver.tell(solver.ask(), { value: 1, constraints: {} } as never)).toThrow(
      code('HOMEOSTAT_INVALID_OPTION', /load/),
    )
  })

  test('importance says which knob matters', () => {
    using solver = createSolver({ space: { a: line.x, b: line.x }, strategy: 'sobol', seed: 1 })
    for (const trial of solver.ask(64)) solver.tell(trial, (trial.params.a - 0.4) ** 2 + trial.params.b / 1000)
    const { a, b } = solver.importance()
    expect(a).toBeGreaterThan(0.5)
    expect(b).toBeLessThan(a)
  })
})

describe('what is refused changes nothing', () => {
  const refused = (act: (solver: ReturnType<typeof createSolver<typeof line>>) => unknown, expected: unknown) =>
    withSolver({ seed: 5 }, (solver) => {
      solver.tell(solver.ask(), 1)
      const open = solver.ask()
      const before = solver.save()
      expect(() => act(solver)).toThrow(expected as Error)
      expect(solver.save()).toBe(before)
      solver.tell(open, 2)
      expect(solver.size).toBe(2)
    })

  test.each([
    ['a trial that nobody asked for', 9, 'HOMEOSTAT_UNKNOWN_TRIAL', /9/],
    ['no number', -1, 'HOMEOSTAT_UNKNOWN_TRIAL', /-1/],
    ['a point that is not open', { x: 0.123 }, 'HOMEOSTAT_UNKNOWN_TRIAL', /0\.123.*add\(\)/],
    ['an unknown knob', { y: 1 }, 'HOMEOSTAT_UNKNOWN_KNOB', /params\.y.*known are x/],
    ['a missing knob', {}, 'HOMEOSTAT_INVALID_OPTION', /params\.x/],
    ['nothing', undefined, 'HOMEOSTAT_INVALID_OPTION', /trial/],
  ])('tell: %s', (_, trial, expected, message) => {
    refused((solver) => solver.tell(trial as never, 1), code(expected, message))
  })

  test('the same result twice', () => {
    refused((solver) => solver.tell(0, 1), code('HOMEOSTAT_TRIAL_TOLD', /0/))
  })

  test.each([
    ['text', '1', /outcome/],
    ['nothing', undefined, /outcome/],
    ['a typo', { vallue: 1 }, /vallue/],
    ['two at once', { failed: 'x', value: 1 }, /value/],
    ['constraints that nobody declared', { value: 1, constraints: { a: 1 } }, /constraints/],
    ['pruned: false', { pruned: false }, /pruned/],
  ])('an outcome of %s', (_, outcome, message) => {
    refused(
      (solver) => solver.tell(1, outcome as never),
      expect.objectContaining({
        code: expect.stringMatching(/^HOMEOSTAT_(INVALID|UNKNOWN)_OPTION$/),
        message: expect.stringMatching(message),
      }),
    )
  })

  test('points outside, and no number of points', () => {
    refused((solver) => solver.add({ x: 2 }, 1), code('HOMEOSTAT_INVALID_OPTION', /x.*0 to 1/))
    refused((solver) => solver.ask(0), code('HOMEOSTAT_INVALID_OPTION', /1 to 1024/))
    refused((solver) => solver.trial(7), code('HOMEOSTAT_UNKNOWN_TRIAL'))
  })

  test('what is closed', () => {
    const solver = createSolver({ space: line })
    solver.close()
    solver.close()
    for (const call of [() => solver.ask(), () => solver.best(), () => solver.save(), () => solver.size]) {
      expect(call).toThrow(code('HOMEOSTAT_CLOSED', /closed/))
    }
  })
})

test('a finite space ends: ask throws, ask(n) gives what is left', () => {
  using solver = createSolver({ space: { n: knob.integer({ min: 1, max: 3 }), b: knob.boolean() } })
  const trials = [...solver.ask(4), ...solver.ask(10)]
  expect(new Set(trials.map(({ params }) => JSON.stringify(params))).size).toBe(6)
  expect(solver.ask(2)).toEqual([])
  expect(() => solver.ask()).toThrow(code('HOMEOSTAT_STUDY_EXHAUSTED'))
})

describe('a study goes on', () => {
  test('from its log, to the last bit, wherever it was saved and in whatever order results came', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        fc.array(fc.tuple(fc.constantFrom('ask', 'tell', 'fail', 'prune', 'nan', 'add'), fc.nat(9)), { maxLength: 40 }),
        fc.nat(40),
        (seed, steps, cut) => {
          using one = createSolver({ space: mixed, seed })
          const walk = (solver: typeof one, from: number, to: number) => {
            const said: unknown[] = []
            for (const [step, pick] of steps.slice(from, to)) {
              const open = solver.trials().filter(({ state }) => state === 'open')
              const trial = open[pick % Math.max(1, open.length)]
              if (step === 'ask') said.push(solver.ask())
              else if (step === 'add')
                said.push(solver.add({ lr: 0.1, n: pick || 1, kind: 2, on: true, turn: 90 }, pick))
              else if (trial === undefined) continue
              else if (step === 'tell') said.push(solver.tell(trial, loss(trial.params)))
              else if (step === 'nan') said.push(solver.tell(trial.params, Number.NaN))
              else
                said.push(solver.tell(trial.trial, step === 'fail' ? { failed: 'x' } : { pruned: true, value: pick }))
            }
            return said
          }
          walk(one, 0, cut)
          using two = createSolver({ space: mixed, seed, restore: one.save() })
          expect(two.save()).toBe(one.save())
          expect(walk(two, cut, steps.length)).toEqual(walk(one, cut, steps.length))
          expect(two.ask()).toEqual(one.ask())
          expect(two.save()).toBe(one.save())
        },
      ),
      { numRuns: 60 },
    )
  })

  test('a last line that is not whole is left out', () => {
    using one = createSolver({ space: line })
    one.tell(one.ask(), 1)
    const log = one.save()
    one.ask()
    using two = createSolver({ space: line, restore: new TextEncoder().encode(one.save().slice(0, -10)) })
    expect(two.save()).toBe(log)
    expect(two.ask()).toEqual(one.trials().map(({ trial, params }) => ({ trial, params }))[1])
  })

  test.each([
    ['another seed', { seed: 2 }, /seed: 2, it has 0/],
    ['another knob', { space: { x: knob.number({ min: 0, max: 2 }) } }, /knob x: .*"max":2.*"max":1/],
    ['a knob more', { space: { ...line, y: line.x } }, /knob y: .*nothing/],
    ['another strategy', { strategy: 'tpe' }, /strategy: "tpe", it has "auto"/],
    ['the other direction', { maximize: true }, /maximize: true, it has false/],
  ])('but not as another study: %s', (_, options, message) => {
    using one = createSolver({ space: line })
    one.tell(one.ask(), 1)
    expect(() => createSolver({ space: line, ...options, restore: one.save() } as never)).toThrow(
      code('HOMEOSTAT_STUDY_CONFIG', message),
    )
  })

  test('with another budget or batch it is the same study', () => {
    using one = createSolver({ space: line, budget: 10, batch: 2 })
    one.tell(one.ask(), 1)
    using two = createSolver({ space: line, budget: 99, batch: 4, restore: one.save() })
    expect(two.size).toBe(1)
  })

  test.each([
    ['no study', 'nonsense\n', 'HOMEOSTAT_STUDY_FORMAT'],
    ['an edited line', (log: string) => log.replace('"value":1', '"value":0'), 'HOMEOSTAT_STUDY_BROKEN'],
    ['a line that is gone', (log: string) => log.split('\n').toSpliced(2, 1).join('\n'), 'HOMEOSTAT_STUDY_BROKEN'],
    ['a newer version', (log: string) => log.replace('"version":1', '"version":2'), 'HOMEOSTAT_STUDY_NEWER'],
  ])('and not from %s', (_, edit, expected) => {
    using one = createSolver({ space: line })
    for (const trial of one.ask(3)) one.tell(trial, 1)
    const log = typeof edit === 'string' ? edit : edit(one.save())
    expect(log).not.toBe(one.save())
    expect(() => createSolver({ space: line, restore: log })).toThrow(code(expected))
  })
})

describe('a study in a file', () => {
  test('is found again, and shared', () => {
    const checkpoint = `${folder()}/study.jsonl`
    using one = createSolver({ space: line, checkpoint })
    one.tell(one.ask(), 1)
    using two = createSolver({ space: line, checkpoint: { file: checkpoint, sync: true } })
    expect(two.size).toBe(1)
    const a = one.ask()
    const b = two.ask()
    expect([a.trial, b.trial]).toEqual([1, 2])
    one.tell(b, 3)
    two.tell(a, 4)
    one.tell(one.ask(), 5)
    expect(one.trials().map(({ state, value }) => [state, value])).toEqual(
      [1, 4, 3, 5].map((value) => ['complete', value]),
    )
    expect(() => createSolver({ space: line, checkpoint, seed: 8 })).toThrow(code('HOMEOSTAT_STUDY_CONFIG', /seed/))
  })

  test('and is not restored from two places', () => {
    expect(() => createSolver({ space: line, checkpoint: 'x', restore: 'y' })).toThrow(
      code('HOMEOSTAT_INVALID_OPTION', /restore/),
    )
  })
})
