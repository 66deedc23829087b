import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createSolver, knob, minimize, type StudyStore } from '../../ts/entries/solver/node.js'
import { folder, sleep, until } from '../support/folder.js'

const space = {
  x: knob.number({ min: 0, max: 1 }),
  n: knob.integer({ min: 1, max: 9 }),
  kind: knob.choice({ choices: ['a', 'b'] }),
}
type Point = { x: number; n: number; kind: string }
const loss = ({ x, n, kind }: Point) => (x - 0.3) ** 2 + (n - 4) ** 2 + (kind === 'b' ? 0 : 1)

/** Keeps the log in memory, as an application's own store would. */
function store(kept = ''): StudyStore & { text: string; writes: number; replaced: number } {
  const self = {
    text: kept,
    writes: 0,
    replaced: 0,
    load: () => self.text,
    append: async (lines: string) => {
      await sleep(0)
      self.text += lines
      self.writes++
    },
    replace: (text: string) => {
      self.text = text
      self.replaced++
    },
  }
  return self
}

/** Every trial of a study, read back from its log. */
function trials(log: string) {
  using solver = createSolver({ space, seed: 5, restore: log })
  return solver.trials()
}

const BUDGET = 25

describe('a run that was killed goes on where it was', () => {
  test('cut at any byte: sequentially the same trials as without the cut', async () => {
    const whole = store()
    await minimize(loss, { space, seed: 5, budget: BUDGET, checkpoint: whole })
    const expected = trials(whole.text)
    expect(expected).toHaveLength(BUDGET)
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.text.length), async (cut) => {
        const kept = store(whole.text.slice(0, cut))
        const before = (kept.text.match(/^\{"tell".*\n/gm) ?? []).length
        let evaluated = 0
        const best = await minimize(
          (params) => {
            evaluated++
            return loss(params)
          },
          { space, seed: 5, budget: BUDGET, checkpoint: kept },
        )
        expect(evaluated).toBe(BUDGET - before)
        expect(best.done).toBe(BUDGET)
        expect(kept.text).toBe(whole.text)
        expect(best.study).toBe(whole.text)
      }),
      {
        numRuns: 60,
        examples: [[0], [1], [whole.text.indexOf('\n')], [whole.text.indexOf('\n') + 1], [whole.text.length]],
      },
    )
  })

  test('side by side and cut anywhere: nothing told is lost, nothing is evaluated twice', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 6 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.array(fc.nat(3), { minLength: 8, maxLength: 8 }),
        async (concurrency, again, share, delays) => {
          const run = async (checkpoint: StudyStore, concurrency: number) => {
            const done: string[] = []
            let running = 0
            let most = 0
            const best = await minimize(
              async (params, { trial }) => {
                most = Math.max(most, ++running)
                await sleep(delays[trial % delays.length] as number)
                running--
                return loss(params)
              },
              {
                space,
                seed: 5,
                budget: 12,
                concurrency,
                checkpoint,
                onProgress: ({ trial, value }) => done.push(`${trial} ${value}`),
              },
            )
            expect(most).toBeLessThanOrEqual(concurrency)
            return { done, best }
          }
          const whole = store()
          const first = await run(whole, concurrency)
          expect(new Set(first.done).size).toBe(12)
          const kept = store(whole.text.slice(0, Math.round(share * whole.text.length)))
          const told = (kept.text.match(/^\{"tell".*\n/gm) ?? []).map((line) => JSON.parse(line).tell)
          const second = await run(kept, again)
          expect(second.best.done).toBe(12)
          expect(second.done).toHaveLength(12 - told.length)
          const records = trials(kept.text)
          expect(records).toHaveLength(12)
          for (const { trial, value } of told) expect(records[trial]).toMatchObject({ state: 'complete', value })
          for (const { state, params, value } of records) expect([state, value]).toEqual(['complete', loss(params)])
        },
      ),
      { numRuns: 25 },
    )
  })

  test('the initial point and earlier results are told once', async () => {
    const declared = { x: knob.number({ min: 0, max: 1, initial: 0.9 }) }
    const points: number[] = []
    const evaluate = ({ x }: { x: number }) => {
      points.push(x)
      return x
    }
    const kept = store()
    const options = { space: declared, budget: 6, checkpoint: kept, warmStart: [{ params: { x: 0.5 }, value: 0.5 }] }
    await minimize(evaluate, options)
    expect(points[0]).toBe(0.9)
    const cut = store(kept.text.split('\n').slice(0, 5).join('\n').concat('\n'))
    const before = points.splice(0)
    const best = await minimize(evaluate, { ...options, checkpoint: cut })
    expect(points).not.toContain(0.9)
    expect(cut.text).toBe(kept.text)
    expect(best.done).toBe(6)
    expect(before.slice(-points.length)).toEqual(points)
  })
})

describe('a store', () => {
  test('is waited for before anybody hears of a result', async () => {
    const kept = store()
    await minimize(loss, {
      space,
      budget: 10,
      checkpoint: kept,
      onProgress: ({ trial, value }) => {
        const last = kept.text.match(/^\{"tell".*\n/gm)?.at(-1) ?? ''
        expect(JSON.parse(last).tell).toEqual({ trial, value })
      },
    })
  })

  test('that fails ends the run with its reason', async () => {
    const kept = store()
    const append = kept.append
    kept.append = (lines) => (kept.writes > 6 ? Promise.reject(new Error('quota exceeded')) : append(lines))
    let calls = 0
    const run = minimize((params) => loss({ ...params, x: ++calls }), { space, budget: 100, checkpoint: kept })
    await expect(run).rejects.toMatchObject({
      code: 'HOMEOSTAT_STUDY_IO',
      message: expect.stringMatching(/quota exceeded/),
    })
    expect(calls).toBeLessThan(10)
    await expect(
      minimize(loss, { space, checkpoint: { load: () => Promise.reject(new Error('offline')), append } }),
    ).rejects.toMatchObject({
      code: 'HOMEOSTAT_STUDY_IO',
    })
  })

  test('that cannot cut off half a line is told so', async () => {
    const whole = store()
    await minimize(loss, { space, budget: 3, checkpoint: whole })
    const { load, append } = store(whole.text.slice(0, -5))
    await expect(minimize(loss, { space, budget: 3, checkpoint: { load, append } })).rejects.toMatchObject({
      code: 'HOMEOSTAT_STUDY_MALFORMED',
      option: 'checkpoint.replace',
    })
  })

  test('with another study is left alone', async () => {
    const kept = store()
    await minimize(loss, { space, budget: 3, checkpoint: kept })
    const { text } = kept
    const other = { ...space, n: knob.integer({ min: 1, max: 10 }) }
    await expect(minimize(loss, { space: other, budget: 3, checkpoint: kept })).rejects.toMatchObject({
      code: 'HOMEOSTAT_STUDY_CONFIG',
      message: expect.stringMatching(/knob n: .*"max":10.*"max":9/),
    })
    expect(kept.text).toBe(text)
  })
})

describe('a file', () => {
  test('goes on, with more budget and other numbers at once', async () => {
    const checkpoint = join(folder(), 'study.jsonl')
    const first = await minimize(loss, { space, budget: 10, checkpoint })
    expect(first.study).toBe(readFileSync(checkpoint, 'utf8'))
    const second = await minimize(loss, {
      space,
      budget: 16,
      checkpoint: { file: checkpoint, sync: true },
      concurrency: 3,
    })
    expect([first.done, second.done]).toEqual([10, 16])
    expect(readFileSync(checkpoint, 'utf8').startsWith(first.study)).toBe(true)
    const third = await minimize(() => expect.fail('nothing is left to evaluate'), { space, budget: 16, checkpoint })
    expect(third).toMatchObject({ stopped: 'budget', done: 16, params: second.params })
    expect(readdirSync(join(checkpoint, '..'))).toEqual(['study.jsonl'])
  })

  test('of another study, or none, is left as it is', async () => {
    const at = folder()
    const checkpoint = join(at, 'study.jsonl')
    await minimize(loss, { space, budget: 3, checkpoint })
    const kept = readFileSync(checkpoint, 'utf8')
    await expect(minimize(loss, { space, budget: 3, checkpoint, seed: 9 })).rejects.toMatchObject({
      code: 'HOMEOSTAT_STUDY_CONFIG',
      message: expect.stringMatching(/seed/),
    })
    await expect(minimize(loss, { space, budget: 3, checkpoint, maximize: true })).rejects.toMatchObject({
      code: 'HOMEOSTAT_STUDY_CONFIG',
    })
    expect(readFileSync(checkpoint, 'utf8')).toBe(kept)
    const edited = kept.replace('"n":', '"n": ')
    writeFileSync(checkpoint, edited)
    await expect(minimize(loss, { space, budget: 9, checkpoint })).rejects.toMatchObject({
      code: expect.stringMatching(/^HOMEOSTAT_STUDY_/),
    })
    expect(readFileSync(checkpoint, 'utf8')).toBe(edited)
    const notes = join(at, 'notes.txt')
    writeFileSync(notes, 'my notes\n')
    await expect(minimize(loss, { space, checkpoint: notes })).rejects.toMatchObject({
      code: expect.stringMatching(/^HOMEOSTAT_STUDY_/),
    })
    expect(readFileSync(notes, 'utf8')).toBe('my notes\n')
  })

  test('that cannot be made is an error, before anything is evaluated', async () => {
    const run = minimize(() => expect.fail('evaluated'), {
      space,
      checkpoint: join(folder(), 'no', 'such', 'folder', 'x'),
    })
    await expect(run).rejects.toMatchObject({ code: expect.stringMatching(/^HOMEOSTAT_STUDY_/) })
  })

  test('two runs share it: each point is evaluated once', async () => {
    const checkpoint = join(folder(), 'study.jsonl')
    const seen: number[] = []
    const run = () =>
      minimize(
        async (params, { trial }) => {
          seen.push(trial)
          await sleep(2)
          return loss(params)
        },
        { space, seed: 5, budget: 30, checkpoint, concurrency: 2 },
      )
    await Promise.all([run(), run()])
    expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, i) => i))
  })
})

describe('SIGKILL', () => {
  const built = new URL('../../dist/esm/solver-node.js', import.meta.url)

  test('at any moment: what was told is there, and the run goes on to the same end', async () => {
    if (!existsSync(built)) throw new Error(`${built.pathname} is missing: npm run build`)
    const at = folder()
    const main = join(at, 'main.mjs')
    writeFileSync(
      main,
      `import { writeSync } from 'node:fs'
       import { knob, minimize } from ${JSON.stringify(built.href)}
       const space = { x: knob.number({ min: 0, max: 1 }), n: knob.integer({ min: 1, max: 9 }), kind: knob.choice({ choices: ['a', 'b'] }) }
       const loss = ${loss.toString()}
       await minimize(async (params) => { await new Promise((r) => setTimeout(r, 1)); return loss(params) }, {
         space, seed: 5, budget: 60, checkpoint: process.argv[2],
         onProgress: ({ trial, value }) => writeSync(1, trial + ' ' + value + '\\n'),
       })
       writeSync(1, 'done\\n')`,
    )
    const run = (checkpoint: string, killAfterLines: number) =>
      new Promise<string>((resolve) => {
        const child = spawn(process.execPath, [main, checkpoint], { stdio: ['ignore', 'pipe', 'inherit'] })
        let out = ''
        child.stdout.on('data', (bytes) => {
          out += bytes
          if (out.split('\n').length > killAfterLines) child.kill('SIGKILL')
        })
        child.once('close', () => resolve(out))
      })
    const whole = join(at, 'whole.jsonl')
    expect(await run(whole, Number.POSITIVE_INFINITY)).toMatch(/done\n$/)
    const killed = join(at, 'killed.jsonl')
    const told: string[] = []
    for (const lines of [1, 7, 13, 3, Number.POSITIVE_INFINITY]) {
      const out = await run(killed, lines)
      told.push(...out.split('\n').filter((line) => /^\d+ \S+$/.test(line)))
      const kept = (readFileSync(killed, 'utf8').match(/^\{"tell".*\n/gm) ?? []).map((line) => JSON.parse(line).tell)
      for (const line of told) {
        const [trial, value] = line.split(' ').map(Number)
        expect(kept).toContainEqual({ trial, value })
      }
    }
    expect(readFileSync(killed, 'utf8')).toBe(readFileSync(whole, 'utf8'))
    await until(() => readdirSync(at).length === 3)
  })

  test('in the middle of a line', async () => {
    const checkpoint = join(folder(), 'study.jsonl')
    const { study } = await minimize(loss, { space, seed: 5, budget: 8, checkpoint })
    truncateSync(checkpoint, statSync(checkpoint).size - 30)
    const again = await minimize(loss, { space, seed: 5, budget: 8, checkpoint })
    expect(again.study).toBe(study)
  })
})
