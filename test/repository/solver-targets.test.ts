/** Both targets of the solver propose the same to the last bit, and read each other's logs. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import {
  OUTCOME_COMPLETE,
  OUTCOME_FAILED,
  OUTCOME_PRUNED,
  type SolverBinding,
  type SolverCore,
  type StudyConfig,
} from '../../ts/binding.js'
import { SOLVER_METHODS, type SolverModule } from '../../ts/bindings/solver.js'
import { nativeSolverBinding } from '../../ts/bindings/solver-native.js'
import { wasmSolverBinding } from '../../ts/bindings/solver-wasm.js'
import { platformTriple } from '../../ts/node/load-core.js'
import { generator } from '../support/random-operations.js'

const out = (path: string): string => fileURLToPath(new URL(`../../out/${path}`, import.meta.url))
const addon = createRequire(import.meta.url)(out(`native/homeostat.${platformTriple()}.node`)) as SolverModule
const native = nativeSolverBinding(addon)
const wasm = wasmSolverBinding(readFileSync(out('wasm/homeostat_solver_bg.wasm')))
const targets: SolverBinding[] = [native, wasm]

const SPACES = {
  real: { x: { min: -5, max: 5 }, y: { min: 1e-5, max: 1, scale: 'log' }, z: { min: 0, max: 1 } },
  mixed: {
    x: { min: 0, max: 1 },
    hour: { min: 0, max: 24, scale: 'periodic' },
    codec: { kind: 'choice', choices: ['gzip', 'br', 3, true] },
    pool: { kind: 'integer', min: 1, max: 64, scale: 'log' },
    on: { kind: 'boolean' },
  },
  finite: { n: { kind: 'integer', min: 1, max: 7 }, c: { kind: 'choice', choices: ['p', 'q', 'r'] } },
  fine: {
    ttl: { kind: 'duration', min: 100, max: 9000, scale: 'log' },
    size: { kind: 'bytes', min: 1, max: 1 << 20, scale: 'log' },
  },
} satisfies Record<string, StudyConfig['bounds']>
const STRATEGIES = ['auto', 'nelder-mead', 'tpe', 'spsa', 'random', 'sobol'] as const
const OPERATIONS = 400

/** A seeded stream of asks, outcomes of every kind and added points. */
function operate(core: SolverCore, dimensions: number, seed: number): string {
  const random = generator(seed)
  const point = new Float64Array(dimensions)
  const open: number[] = []
  const log = createHash('sha256')
  for (let i = 0; i < OPERATIONS; i++) {
    const what = Math.floor(random() * 8)
    if (what < 4 && open.length < 4) {
      const trial = core.ask(point)
      if (trial >= 0) open.push(trial)
    } else if (what === 7 && core.best(point) >= 0) {
      core.add(point, OUTCOME_COMPLETE, random(), Number.NaN)
    } else if (open.length > 0) {
      const [trial] = open.splice(Math.floor(random() * open.length), 1)
      const value = random() < 0.05 ? Number.NaN : random() ** 3 * 100
      const outcome = random() < 0.9 ? OUTCOME_COMPLETE : random() < 0.5 ? OUTCOME_FAILED : OUTCOME_PRUNED
      core.tell(trial as number, outcome, value, seed % 2 === 0 ? Number.NaN : random() - 0.3, 'why "not"')
    }
    log.update(core.takeLog())
  }
  log.update(core.explain())
  core.close()
  return log.digest('hex')
}

const NAMES = Object.keys(SPACES) as (keyof typeof SPACES)[]
const cases = NAMES.flatMap((space) =>
  STRATEGIES.flatMap((strategy) => [1, 2].map((seed) => ({ space, strategy, seed }))),
)

// Seconds on a machine of its own.
const timeout = 120_000

test.each(cases)(
  '$strategy on $space, seed $seed: native and wasm write the same bytes',
  { timeout },
  ({ space, strategy, seed }) => {
    const bounds: StudyConfig['bounds'] = SPACES[space]
    const config = JSON.stringify({ seed, budget: 200, strategy, bounds } satisfies StudyConfig)
    const [a, b] = targets.map((target) => operate(target.createSolver(config), Object.keys(bounds).length, seed))
    expect(b).toBe(a)
  },
)

const cuts = (['real', 'mixed', 'fine'] as const).flatMap((space) => [0, 1, 13, 26, 59].map((cut) => ({ space, cut })))

test.each(cuts)(
  'a log on $space that one target wrote is continued by the other after $cut trials',
  ({ space, cut }) => {
    const bounds: StudyConfig['bounds'] = SPACES[space]
    const config = JSON.stringify({ seed: 4, bounds } satisfies StudyConfig)
    for (const [writer, continuer] of [[native, wasm] as const, [wasm, native] as const]) {
      const first = writer.createSolver(config)
      const point = new Float64Array(Object.keys(bounds).length)
      // Every third trial is told two trials late: the log is cut while points are open.
      const step = (core: SolverCore): number[] => {
        const trial = core.ask(point)
        if (trial % 3 !== 0) core.tell(trial, OUTCOME_COMPLETE, point[0] as number, Number.NaN, '')
        if (trial % 3 === 2) core.tell(trial - 2, OUTCOME_COMPLETE, trial, Number.NaN, '')
        return [trial, ...point]
      }
      for (let i = 0; i < cut; i++) step(first)
      const log = first.takeLog()
      const reader = continuer.createStudyReader()
      reader.push(log.subarray(0, 100))
      reader.push(log.subarray(100))
      const second = reader.finish()
      expect(reader.dropped()).toBe(0)
      expect(second.takeLog()).toHaveLength(0)
      for (let i = 0; i < 25; i++) expect(step(second)).toEqual(step(first))
      expect(Buffer.from(second.takeLog()).equals(Buffer.from(first.takeLog()))).toBe(true)
      for (const core of [first, second]) core.close()
      expect(() => first.ask(point)).toThrow(expect.objectContaining({ code: 'HOMEOSTAT_CLOSED' }))
    }
  },
)

test.each(targets)('$kind: what is refused has its code, and the study goes on', (target) => {
  expect(() => target.createSolver('{"bounds":{"x":{"min":1,"max":0}}}')).toThrow(
    expect.objectContaining({ code: 'HOMEOSTAT_INVALID_KNOB', message: expect.stringContaining('bounds.x.max') }),
  )
  const core = target.createSolver(JSON.stringify({ bounds: SPACES.finite }))
  const point = new Float64Array(2)
  const refused = (code: string, work: () => unknown): void =>
    expect(work).toThrow(expect.objectContaining({ code: `HOMEOSTAT_${code}` }))
  const trial = core.ask(point)
  expect(core.find(point)).toBe(trial)
  for (const number of [1, -1, 0.5, Number.NaN, 2 ** 40]) {
    refused('UNKNOWN_TRIAL', () => core.tell(number, OUTCOME_COMPLETE, 1, Number.NaN, ''))
  }
  refused('INVALID_OPTION', () => core.tell(trial, 7, 1, Number.NaN, ''))
  refused('INVALID_OPTION', () => core.ask(new Float64Array(3)))
  expect(core.tell(trial, OUTCOME_COMPLETE, Number.NaN, Number.NaN, '')).toBe(1)
  refused('TRIAL_TOLD', () => core.tell(trial, OUTCOME_COMPLETE, 1, Number.NaN, ''))
  expect(core.find(point)).toBe(-1)
  expect(core.best(point)).toBe(-1)
  expect(JSON.parse(core.trial(trial))).toMatchObject({ trial: 0, state: 'complete', reason: expect.any(String) })
  const reader = target.createStudyReader()
  refused('STUDY_MALFORMED', () => reader.push(new TextEncoder().encode('{"format":"x"}\n')))
  refused('STUDY_MALFORMED', () => reader.finish())
  const probe = new Float64Array(2)
  core.probe(3, probe)
  expect(probe[0]).toBeGreaterThanOrEqual(1)
})

test('both targets expose the same surface', () => {
  const text = readFileSync(out('wasm/homeostat_solver.d.ts'), 'utf8')
  for (const [name, methods] of Object.entries(SOLVER_METHODS)) {
    const prototype = (addon as unknown as Record<string, { prototype: object }>)[name]?.prototype ?? {}
    const members = Object.getOwnPropertyNames(prototype).filter((member) => member !== 'constructor')
    const body = text.slice(text.indexOf(`export class ${name} `)).split('\n}', 1)[0] ?? ''
    const generated = [...body.matchAll(/^\s+(\w+)\(/gm)].map(([, member]) => member ?? '')
    const ours = generated.filter((member) => member !== 'constructor' && member !== 'free')
    expect(ours.sort(), `wasm ${name}`).toEqual([...methods].sort())
    expect(members.sort(), `native ${name}`).toEqual([...methods].sort())
  }
})
