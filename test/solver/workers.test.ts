import { spawn } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { knob, minimize, type Progress, type WorkersOptions, workers } from '../../ts/entries/solver/node.js'
import type { EvaluationContext } from '../../ts/solver/evaluation.js'
import { folder } from '../support/folder.js'

const line = { x: knob.number({ min: 0, max: 1 }) }

/** A pool over a module with this text, closed when the test ends. */
function pool(text: string, options: WorkersOptions<string> = {}) {
  const file = join(folder(), 'evaluate.mjs')
  writeFileSync(file, text)
  const evaluate = workers(pathToFileURL(file), { size: 2, ...options })
  onTestFinished(() => evaluate.close())
  return evaluate
}

const context = (signal = new AbortController().signal, more: Partial<EvaluationContext> = {}): EvaluationContext => ({
  trial: 4,
  attempt: 2,
  signal,
  report: () => {},
  ...more,
})

const failed = (message: RegExp, code = 'HOMEOSTAT_EVALUATION_FAILED') =>
  expect.objectContaining({ code, message: expect.stringMatching(message) })

test('evaluates in threads, as many at once as it has', async () => {
  const evaluate = pool(`
    import { threadId } from 'node:worker_threads'
    export default async ({ x }) => {
      await new Promise((resolve) => setTimeout(resolve, 10))
      return { value: (x - 0.3) ** 2, constraints: { thread: threadId, spare: 1 - x } }
    }`)
  expect(evaluate.concurrency).toBe(2)
  let running = 0
  const best = await minimize(evaluate, {
    space: line,
    budget: 30,
    constraints: { thread: { min: 1 }, spare: { min: 0.1 } },
    onProgress: (progress) => {
      running = Math.max(running, progress.running + 1)
    },
  })
  expect(best).toMatchObject({ done: 30, explanation: { trials: { complete: 30, infeasible: expect.any(Number) } } })
  expect(best.params.x).toBeCloseTo(0.3, 1)
  expect(running).toBe(2)
})

test('passes what an evaluation is told, and another export', async () => {
  const evaluate = pool('export const other = ({ x }, { trial, attempt }) => [x, trial, attempt, process.env.EXTRA]', {
    name: 'other',
    env: { EXTRA: 'yes' },
  })
  expect(await evaluate({ x: 7 }, context())).toEqual([7, 4, 2, 'yes'])
})

describe('what goes wrong fails one evaluation', () => {
  test('a thrown error, with its message', async () => {
    const evaluate = pool('export default ({ x }) => { if (x > 0) throw new TypeError("too large"); return 1 }')
    await expect(evaluate({ x: 1 }, context())).rejects.toMatchObject({ name: 'TypeError', message: 'too large' })
    expect(await evaluate({ x: 0 }, context())).toBe(1)
  })

  test('a thread that exits, or dies', async () => {
    const evaluate = pool(`
      export default ({ x }) => {
        if (x === 1) process.exit(3)
        if (x === 2) setTimeout(() => { throw new Error('later') })
        return x === 2 ? new Promise(() => {}) : x
      }`)
    await expect(evaluate({ x: 1 }, context())).rejects.toEqual(failed(/thread ended with status 3/))
    await expect(evaluate({ x: 2 }, context())).rejects.toEqual(failed(/thread died: later/))
    expect(await Promise.all([5, 6, 7].map((x) => evaluate({ x }, context())))).toEqual([5, 6, 7])
  })

  test('a computation that never ends, at its timeout; the next has a thread of its own', async () => {
    // The time is also that of a thread to start in, on a machine that is slow: so that it costs others nothing, this one sleeps for ever.
    const evaluate = pool(
      `const never = new Int32Array(new SharedArrayBuffer(4))
      export default ({ x }, { trial }) => {
        while (trial === 1) Atomics.wait(never, 0, 0)
        return (x - 0.3) ** 2
      }`,
      { size: 1 },
    )
    const seen: Progress[] = []
    const best = await minimize(evaluate, {
      space: line,
      budget: 4,
      timeout: 8000,
      onProgress: (progress) => seen.push(progress),
    })
    expect(seen.map(({ state }) => state)).toEqual(['complete', 'failed', 'complete', 'complete'])
    expect(seen[1]?.reason).toBe('ran longer than 8000 ms')
    expect(best.done).toBe(4)
  })

  test.each([
    ['a module that is not there', 'x', 'default'],
    ['an error while it loads', 'throw new Error("no licence")', 'default'],
    ['no such export', 'export default () => 1', 'evaluate'],
  ])('but %s ends the run at once', async (what, text, name) => {
    const evaluate = what.includes('not there') ? workers(new URL('file:///no/such/module.mjs')) : pool(text, { name })
    let calls = 0
    const run = minimize(evaluate, { space: line, budget: 50, retry: 9, onProgress: () => calls++ })
    await expect(run).rejects.toEqual(
      failed(/the module (cannot be loaded|has no function)/, 'HOMEOSTAT_EVALUATOR_UNUSABLE'),
    )
    expect(calls).toBe(0)
  })
})

test('abort ends the thread, or takes back what still waits', async () => {
  const evaluate = pool('export default () => { while (true); }', { size: 1 })
  const [one, two] = [new AbortController(), new AbortController()]
  const first = evaluate({}, context(one.signal))
  const second = evaluate({}, context(two.signal))
  two.abort(new Error('second'))
  await expect(second).rejects.toThrow('second')
  one.abort(new Error('first'))
  await expect(first).rejects.toThrow('first')
  await expect(evaluate({}, context(one.signal))).rejects.toThrow('first')
})

test('intermediate values prune', async () => {
  const evaluate = pool(`
    export default async ({ x }, { report }) => {
      for (let epoch = 1; epoch <= 5; epoch++) {
        report(epoch, x)
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      return x
    }`)
  const best = await minimize(evaluate, {
    space: line,
    budget: 20,
    strategy: 'random',
    pruner: { kind: 'median', startup: 2 },
  })
  expect(best.explanation.trials.pruned).toBeGreaterThan(2)
  expect(best.explanation.trials.failed).toBe(0)
})

test('closed, it evaluates no more', async () => {
  const evaluate = pool('export default () => new Promise(() => {})')
  const running = evaluate({}, context())
  const ended = expect(running).rejects.toEqual(failed(/closed/, 'HOMEOSTAT_CLOSED'))
  await evaluate.close()
  await evaluate.close()
  await ended
  await expect(evaluate({}, context())).rejects.toEqual(failed(/closed/, 'HOMEOSTAT_CLOSED'))
})

test('threads that have nothing to do do not keep the process alive', async () => {
  const built = new URL('../../dist/esm/solver-node.js', import.meta.url)
  if (!existsSync(built)) throw new Error(`${built.pathname} is missing: npm run build`)
  const at = folder()
  writeFileSync(join(at, 'evaluate.mjs'), 'export default async ({ x }) => x')
  writeFileSync(
    join(at, 'main.mjs'),
    `import { knob, minimize, workers } from ${JSON.stringify(built.href)}
     const best = await minimize(workers(new URL('./evaluate.mjs', import.meta.url), { size: 2 }), {
       space: { x: knob.number({ min: 0, max: 1 }) }, budget: 6,
     })
     console.log(best.done)`,
  )
  const child = spawn(process.execPath, [join(at, 'main.mjs')], { stdio: ['ignore', 'pipe', 'inherit'] })
  let out = ''
  child.stdout.on('data', (bytes) => {
    out += bytes
  })
  expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0)
  expect(out).toBe('6\n')
})

test.each([
  ['url', () => workers('./evaluate.js')],
  ['size', () => workers('file:///x.mjs', { size: 0 })],
  ['sise', () => workers('file:///x.mjs', { sise: 2 } as never)],
])('an option that cannot be meant is refused: %s', (option, make) => {
  expect(make).toThrow(expect.objectContaining({ option, code: expect.stringMatching(/^HOMEOSTAT_/) }))
})
