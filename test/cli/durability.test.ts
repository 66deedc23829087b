/** A study outlives whatever ends the processes that use it, and keeps them apart while they live. */
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { describe, expect, it } from 'vitest'
import { StudyLock } from '../../ts/node/study/lock.js'
import { fails, homeostat, jsonLines, lines, well } from './support/cli.js'
import { Driver } from './support/driver.js'
import { SQUARE, workplace } from './support/studies.js'

const ROUNDS = 50

/** A fixed sequence, so that a failing round comes again. */
function* randoms(seed: number): Generator<number> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    yield state / 2 ** 32
  }
}

interface Trial {
  readonly trial: number
  readonly state: string
  readonly value?: number
}

describe('kill -9', () => {
  it(`at ${ROUNDS} moments, from the start of a process on: every acknowledged result is there afterwards`, async () => {
    const { cwd } = workplace()
    const random = randoms(20)
    const acknowledged = new Map<number, number>()
    let killedAtWork = 0
    for (let round = 0; round < ROUNDS; round++) {
      const driver = new Driver(['--config', 'c.json', '--state', 's.jsonl', '--durable'], { cwd })
      let working = false
      let told = 0
      const work = async (): Promise<void> => {
        const { trials } = await driver.json<{ trials: { complete: number } }>({ cmd: 'status' })
        expect(trials.complete).toBeGreaterThanOrEqual(acknowledged.size)
        working = true
        for (let i = 0; ; i++) {
          const asked = await driver.json<{ trials: number[] }>({ cmd: 'ask', batch: 2, trials: true })
          const results = asked.trials.map((trial) => ({ trial, value: round + i / 1000 + trial / 1e6 }))
          const answer = await driver.ask({ cmd: 'tell', results })
          if (answer !== '{"ok":true}') throw new Error(answer)
          for (const { trial, value } of results) acknowledged.set(trial, value)
          told++
        }
      }
      const failed = work().catch((error: unknown) => error)
      // One in five dies while it starts, the others while they work: in turn at any moment of it, and once there is something to lose.
      const early = (random.next().value as number) < 0.2
      if (early) await wait(150 * (random.next().value as number))
      else {
        const enough = (): boolean => (round % 2 === 0 ? working : told >= 2)
        while (!enough() && driver.child.exitCode === null) await wait(2)
        await wait(25 * (random.next().value as number))
      }
      driver.child.kill('SIGKILL')
      const { err } = await driver.end
      expect(err.replace(/^warning .*(incomplete line|is overwritten).*\n/, '')).toBe('')
      expect(await Promise.race([failed, wait(0)])).toBeUndefined()
      if (working) killedAtWork++
    }
    const kept = new Map(
      (JSON.parse(await well(['export', 's.jsonl', '--format', 'json'], { cwd })) as Trial[]).map((trial) => [
        trial.trial,
        trial,
      ]),
    )
    for (const [trial, value] of acknowledged) expect(kept.get(trial)).toMatchObject({ state: 'complete', value })
    expect(killedAtWork).toBeGreaterThan(ROUNDS / 2)
    expect(acknowledged.size).toBeGreaterThan(ROUNDS)
    await well(['validate', 's.jsonl'], { cwd })
  })
})

const wait = (ms: number): Promise<undefined> => new Promise((resolve) => setTimeout(resolve, ms))

describe('processes that share a study', () => {
  it('never get the same trial, and all that they tell is kept', async () => {
    const { cwd } = workplace()
    const worker = async (name: number): Promise<number[]> => {
      const driver = new Driver(['--config', 'c.json', '--state', 's.jsonl'], { cwd })
      const mine: number[] = []
      for (let i = 0; i < 60; i++) {
        const { trials } = await driver.json<{ trials: number[] }>({ cmd: 'ask', trials: true })
        mine.push(...trials)
        const answer = await driver.ask({ cmd: 'tell', results: [{ trial: trials[0], value: name }] })
        if (answer !== '{"ok":true}') throw new Error(answer)
      }
      expect(await driver.close()).toMatchObject({ status: 0, err: '' })
      return mine
    }
    const all = await Promise.all([1, 2, 3].map(worker))
    expect(new Set(all.flat()).size).toBe(180)
    const kept = JSON.parse(await well(['export', 's.jsonl', '--format', 'json'], { cwd })) as Trial[]
    for (const [i, mine] of all.entries())
      for (const trial of mine) expect(kept[trial]).toMatchObject({ state: 'complete', value: i + 1 })
    await well(['validate', 's.jsonl'], { cwd })
  })

  it('may make it at the same moment', async () => {
    const { cwd } = workplace()
    const asked = await Promise.all(
      Array.from({ length: 6 }, () => well(['ask', 's.jsonl', '-c', 'c.json', '--json'], { cwd, apart: true })),
    )
    expect(asked.flatMap((out) => jsonLines<Trial>(out).map(({ trial }) => trial)).sort()).toEqual([0, 1, 2, 3, 4, 5])
  })

  it('share out the trials of one budget where they run', async () => {
    const place = workplace()
    place.script('e.sh', 'echo $HOMEOSTAT_TRIAL >> log; sleep 0.02; echo RESULT=1')
    const run = () =>
      homeostat(['run', '-c', 'c.json', '--state', 's.jsonl', '--script', './e.sh', '-b', '24', '-j', '2'], place)
    for (const { status } of await Promise.all([run(), run()])) expect(status).toBe(0)
    const evaluated = lines(readFileSync(place.path('log'), 'utf8')).map(Number)
    expect(evaluated.sort((a, b) => a - b)).toEqual(Array.from({ length: 24 }, (_, i) => i))
  })

  it('wait for one that holds it for long, but not for ever', async () => {
    const { cwd, path } = workplace()
    await well(['ask', 's.jsonl', '-c', 'c.json'], { cwd })
    const before = readFileSync(path('s.jsonl'))
    const lock = new StudyLock(path('s.jsonl'))
    lock.acquire(1000)
    const locked = { status: 3, code: 'HOMEOSTAT_STUDY_LOCKED' }
    expect(await fails(['ask', 's.jsonl', '--wait', '300ms'], locked, { cwd, apart: true })).toContain(
      `process ${process.pid}`,
    )
    await fails(['run', '--state', 's.jsonl', '--wait', '100ms', '--', 'true'], locked, { cwd, apart: true })
    expect(readFileSync(path('s.jsonl'))).toEqual(before)
    // Looking needs no lock.
    await well(['status', 's.jsonl'], { cwd })
    const patient = well(['ask', 's.jsonl', '--wait', '20s'], { cwd, apart: true })
    setTimeout(() => lock.release(), 400)
    await patient
  })

  it('must mean the same study', async () => {
    const place = workplace({ ...SQUARE, budget: 7 })
    await well(['ask', 's.jsonl', '-c', 'c.json'], place)
    await well(['ask', 's.jsonl', '-c', 'c.json', '--budget', '9'], place)
    const message = await fails(
      ['ask', 's.jsonl', '--knob', 'x=0..2'],
      { status: 2, code: 'HOMEOSTAT_STUDY_CONFIG' },
      place,
    )
    expect(message).toContain('bounds.x')
  })
})
