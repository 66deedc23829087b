import { expect, expectTypeOf, test } from 'vitest'
import { homeostat, signal } from '../../ts/entries/node.js'
import {
  type Best,
  createSolver,
  type Knob,
  knob,
  minimize,
  type Params,
  type SpaceKnob,
  type TrialRecord,
  workers,
} from '../../ts/entries/solver/node.js'

const space = {
  lr: knob.number({ min: 1e-5, max: 1, scale: 'log' }),
  depth: knob.integer({ min: 1, max: 12 }),
  kind: knob.choice({ choices: ['adam', 'sgd'] }),
  level: knob.choice({ choices: [1, 2, false] }),
  cold: knob.boolean(),
  wait: knob.duration({ min: '1s', max: '1m', initial: '5s' }),
  size: knob.bytes({ min: '1MiB', max: 2 ** 24 }),
}

/** Never run: the compiler reads it. */
async function typed() {
  const best = await minimize(
    ({ lr, kind, level, cold, wait }, { trial, attempt, signal, report }) => {
      expectTypeOf(lr).toEqualTypeOf<number>()
      expectTypeOf(kind).toEqualTypeOf<'adam' | 'sgd'>()
      expectTypeOf(level).toEqualTypeOf<1 | 2 | false>()
      expectTypeOf(cold).toEqualTypeOf<boolean>()
      expectTypeOf(wait).toEqualTypeOf<number>()
      expectTypeOf([trial, attempt]).toEqualTypeOf<number[]>()
      expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
      report(1, lr)
      report(lr)
      // @ts-expect-error an intermediate value is a number
      report('lr')
      return lr
    },
    {
      space,
      budget: 5,
      onProgress: ({ params, best }) =>
        expectTypeOf([params.kind, best?.params.kind]).toExtend<(string | undefined)[]>(),
    },
  )
  expectTypeOf(best.params).toEqualTypeOf<Params<typeof space>>()
  expectTypeOf(best.params.kind).toEqualTypeOf<'adam' | 'sgd'>()
  expectTypeOf(best.value).toEqualTypeOf<number>()
  // @ts-expect-error no such knob
  best.params.dept
  // @ts-expect-error no such knob
  await minimize(({ dept }) => dept, { space })
  // @ts-expect-error values are read
  await minimize((params) => (params.lr = 3), { space })
  // @ts-expect-error a value is a number
  await minimize(({ kind }) => kind, { space })
  // @ts-expect-error nothing is no value
  await minimize(async () => {}, { space })
  // @ts-expect-error a typo in an option
  await minimize(({ lr }) => lr, { space, budgett: 3 })
  // @ts-expect-error no such strategy
  await minimize(({ lr }) => lr, { space, strategy: 'magic' })
  // @ts-expect-error a space is needed
  await minimize(() => 1, {})
  await minimize(async ({ lr }) => ({ value: lr }), { space })
}

async function constrained() {
  const constraints = { latency: { max: 120 }, spare: { min: 1, max: 5 } }
  await minimize(({ lr }) => ({ value: lr, constraints: { latency: 1, spare: 2 } }), { space, constraints })
  // @ts-expect-error a measurement is missing
  await minimize(({ lr }) => ({ value: lr, constraints: { latency: 1 } }), { space, constraints })
  // @ts-expect-error measurements are needed
  await minimize(({ lr }) => lr, { space, constraints })
  // @ts-expect-error a limit is a number
  await minimize(({ lr }) => ({ value: lr, constraints: { a: 1 } }), { space, constraints: { a: { max: '1' } } })
}

function solver() {
  using study = createSolver({ space, seed: 7, constraints: { load: { max: 1 } } })
  const one = study.ask()
  expectTypeOf(one.params).toEqualTypeOf<Params<typeof space>>()
  expectTypeOf(study.ask(3)).toEqualTypeOf<(typeof one)[]>()
  study.tell(one, { value: 1, constraints: { load: 2 } })
  study.tell(0, { failed: 'broke' })
  study.tell(one.params, { pruned: true, value: 2 })
  // @ts-expect-error measurements are needed
  study.tell(one, 1)
  // @ts-expect-error no such measurement
  study.tell(one, { value: 1, constraints: { load: 2, lode: 1 } })
  // @ts-expect-error a point has every knob
  study.add({ lr: 1 }, { value: 1, constraints: { load: 1 } })
  expectTypeOf(study.best()).toEqualTypeOf<Best<typeof space> | undefined>()
  expectTypeOf(study.trials()).toEqualTypeOf<TrialRecord<typeof space>[]>()
  expectTypeOf(study.importance().lr).toEqualTypeOf<number>()
  // @ts-expect-error no such knob
  study.importance().rl
  // @ts-expect-error a run's option
  createSolver({ space, concurrency: 3 })
}

async function evaluators() {
  const untyped = workers(new URL('file:///evaluate.js'))
  await minimize(untyped, { space })
  await minimize(untyped, { space, constraints: { a: { max: 1 } } })
  const evaluate = workers<{ default: (params: { lr: number }) => Promise<number>; other: string }>(
    'file:///evaluate.js',
  )
  await minimize(evaluate, { space })
  // @ts-expect-error the module needs a knob that the space has not
  await minimize(evaluate, { space: { x: space.lr } })
}

async function live() {
  const base = { name: 'x', signals: { latency: signal.duration() }, minimize: () => 1 }
  // @ts-expect-error a live knob needs an initial value
  await homeostat({ ...base, knobs: { lr: knob.number({ min: 0, max: 1 }) } })
  // @ts-expect-error a live choice is between names
  await homeostat({ ...base, knobs: { level: knob.choice({ choices: [1, 2], initial: 1 }) } })
  const knobs = { lr: knob.number({ min: 0, max: 1, initial: 0.5, lag: '1s' }), b: knob.boolean({ initial: true }) }
  await homeostat({ ...base, knobs })
  await minimize(({ lr, b }) => (b ? lr : 1), { space: knobs })
  expectTypeOf(knobs.lr).toEqualTypeOf<Knob<number>>()
  expectTypeOf(knob.number({ min: 0, max: 1 })).toEqualTypeOf<SpaceKnob<number>>()
  // @ts-expect-error no such choice
  knob.choice({ choices: [1, 2], initial: 3 })
  // @ts-expect-error offline there is nothing live
  knob.number({ min: 0, max: 1, lag: 5 })
}

test('the types above are checked by the compiler', () => {
  for (const read of [typed, constrained, solver, evaluators, live]) expect(typeof read).toBe('function')
})
