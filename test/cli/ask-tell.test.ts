/** Asking and telling by hand: points in every form, outcomes of every kind, and what is refused. */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fails, homeostat, jsonLines, well } from './support/cli.js'
import { SMALL, toldStudy, workplace } from './support/studies.js'

interface Asked {
  readonly trial: number
  readonly params: Readonly<Record<string, unknown>>
}

describe('ask', () => {
  it('makes a study, numbers its points and prints them plainly, as JSON and for a shell', async () => {
    const { cwd } = workplace({
      bounds: { lr: { min: 1e-5, max: 1, scale: 'log' }, 'a-b': { kind: 'choice', choices: ["it's", 'x y'] } },
    })
    const plain = await well(['ask', 's.jsonl', '--config', 'c.json'], { cwd })
    expect(plain).toMatch(/^trial 0 {2}lr=\S+ a-b=(it's|x y)\n$/)
    const [second, third] = jsonLines<Asked>(await well(['ask', 's.jsonl', '--batch', '2', '--json'], { cwd }))
    expect([second?.trial, third?.trial]).toEqual([1, 2])
    const shell = await well(['ask', 's.jsonl', '--env'], { cwd })
    const seen = execFileSync('/bin/sh', [
      '-c',
      `${shell}\nprintf '%s|' "$HOMEOSTAT_TRIAL" "$HOMEOSTAT_lr" "$HOMEOSTAT_a_b"`,
    ])
    const [trial, lr, choice] = seen.toString().split('|')
    expect(trial).toBe('3')
    expect(Number(lr)).toBeGreaterThan(0)
    expect(["it's", 'x y']).toContain(choice)
  })

  it('gives out every point of a finite space once, then ends with status 5', async () => {
    const { cwd } = workplace(SMALL)
    const points = jsonLines<Asked>(
      await well(['ask', 's.jsonl', '--config', 'c.json', '--batch', '100', '--json'], { cwd }),
    )
    expect(points).toHaveLength(6)
    expect(new Set(points.map(({ params }) => JSON.stringify(params))).size).toBe(6)
    await fails(['ask', 's.jsonl'], { status: 5, code: 'HOMEOSTAT_STUDY_EXHAUSTED' }, { cwd })
  })

  it('keeps to the budget, which --budget raises', async () => {
    const { cwd } = workplace({ budget: 2, bounds: { x: { min: 0, max: 1 } } })
    expect(jsonLines(await well(['ask', 's.jsonl', '-c', 'c.json', '-n', '5', '--json'], { cwd }))).toHaveLength(2)
    await fails(['ask', 's.jsonl'], { status: 5, code: 'HOMEOSTAT_STUDY_EXHAUSTED' }, { cwd })
    expect(jsonLines(await well(['ask', 's.jsonl', '-n', '5', '--budget', '4', '--json'], { cwd }))).toHaveLength(2)
  })

  it('takes knobs from the command line, in every kind', async () => {
    const { cwd } = workplace()
    const knobs = [
      'lr=1e-5..1:log',
      'n=1..12:integer',
      'wait=10ms..2s',
      'size=64kB..1GiB:log',
      'mode=fast|safe',
      'on=boolean',
      'phi=0..360:periodic',
    ]
    const out = await well(['ask', 's.jsonl', '--json', '--seed', '3', ...knobs.flatMap((knob) => ['--knob', knob])], {
      cwd,
    })
    const { params } = jsonLines<Asked>(out)[0] as Asked
    expect(Object.keys(params)).toEqual(['lr', 'n', 'wait', 'size', 'mode', 'on', 'phi'])
    expect(params.wait).toBeGreaterThanOrEqual(10)
    expect(params.size).toBeGreaterThanOrEqual(64_000)
    expect(Number.isInteger(params.n)).toBe(true)
    expect(typeof params.on).toBe('boolean')
    for (const wrong of ['x', 'x=', '=1..2', 'x=1', 'x=1..b', 'x=1..2:cubic', 'x=1..2:log:log2'])
      await fails(['ask', 'other.jsonl', '--knob', wrong], { status: 2, code: 'HOMEOSTAT_USAGE' }, { cwd })
  })

  it('refuses shell names that two knobs share', async () => {
    const { cwd } = workplace({ bounds: { 'a-b': { min: 0, max: 1 }, a_b: { min: 0, max: 1 } } })
    await fails(['ask', 's.jsonl', '-c', 'c.json', '--env'], { status: 2, code: 'HOMEOSTAT_USAGE' }, { cwd })
  })
})

describe('tell', () => {
  it('takes every outcome, negative values and points in place of numbers', async () => {
    const { cwd } = workplace()
    const [, , , , , sixth] = jsonLines<Asked>(
      await well(['ask', 's.jsonl', '-c', 'c.json', '-n', '6', '--json'], { cwd }),
    ) as Asked[]
    const tell = async (...args: string[]) => jsonLines(await well(['tell', 's.jsonl', ...args, '--json'], { cwd }))[0]
    expect(await tell('0', '0.5')).toEqual({ ok: true, trial: 0, replaced: false, best: { trial: 0, value: 0.5 } })
    expect(await tell('1', '-2.5e-1')).toMatchObject({ trial: 1, best: { trial: 1, value: -0.25 } })
    expect(await tell('2', '--failed', 'out of memory')).toMatchObject({ trial: 2, best: { trial: 1 } })
    expect(await tell('3', '0.75', '--pruned')).toMatchObject({ trial: 3, best: { trial: 1 } })
    expect(await tell('4', '-9', '--margin=-0.5')).toMatchObject({ trial: 4, best: { trial: 1 } })
    expect(await tell('0.125', '--params', JSON.stringify(sixth?.params))).toMatchObject({ trial: 5 })
    const trials = JSON.parse(await well(['export', 's.jsonl', '--format', 'json'], { cwd })) as {
      state: string
      reason?: string
    }[]
    expect(trials.map(({ state }) => state)).toEqual([
      'complete',
      'complete',
      'failed',
      'pruned',
      'complete',
      'complete',
    ])
    expect(trials[2]?.reason).toBe('out of memory')
  })

  it('counts what is not finite as the worst value seen, and says so', async () => {
    const words = ['nan', '-Infinity', '1e999']
    const { cwd } = await toldStudy(3)
    await well(['ask', 's.jsonl', '--batch', '3'], { cwd })
    for (const [i, word] of words.entries()) {
      const { status, out, err } = await homeostat(['tell', 's.jsonl', '--json', '--', String(3 + i), word], { cwd })
      expect(status).toBe(0)
      expect(JSON.parse(out)).toEqual({ ok: true, trial: 3 + i, replaced: true, best: { trial: 2, value: 1 } })
      expect(jsonLines<{ warning: string }>(err)[0]?.warning).toContain('worst')
    }
    expect(JSON.parse(await well(['status', 's.jsonl', '--json'], { cwd })).trials.not_finite).toBe(3)
  })

  it('refuses what cannot be meant, and leaves the study as it is', async () => {
    const { cwd, path } = await toldStudy(3)
    await well(['ask', 's.jsonl'], { cwd })
    const before = readFileSync(path('s.jsonl'))
    const tell = (args: string[], status: number, code: string) =>
      fails(['tell', 's.jsonl', ...args], { status, code }, { cwd })
    expect(await tell(['1', '5'], 1, 'HOMEOSTAT_TRIAL_TOLD')).toContain('trial 1')
    expect(await tell(['77', '5'], 1, 'HOMEOSTAT_UNKNOWN_TRIAL')).toContain('77')
    await tell(['3', 'five'], 2, 'HOMEOSTAT_USAGE')
    await tell(['three', '5'], 2, 'HOMEOSTAT_USAGE')
    await tell(['3'], 2, 'HOMEOSTAT_USAGE')
    await tell([], 2, 'HOMEOSTAT_USAGE')
    await tell(['3', '5', '--failed', 'no'], 2, 'HOMEOSTAT_USAGE')
    await tell(['3', '5', '6'], 2, 'HOMEOSTAT_USAGE')
    await tell(['5', '--params', '{"x":0.1,"y":0.2}'], 1, 'HOMEOSTAT_UNKNOWN_POINT')
    expect(await tell(['5', '--params', '{"x":0.1,"y":0.2,"z":1}'], 2, 'HOMEOSTAT_UNKNOWN_KNOB')).toContain('"z"')
    expect(await tell(['5', '--params', '{"x":0.1}'], 2, 'HOMEOSTAT_INVALID_OPTION')).toContain('params.y')
    await tell(['5', '--params', '{"x":0.1,"y":"high"}'], 2, 'HOMEOSTAT_INVALID_OPTION')
    await tell(['5', '--params', '{x:1}'], 2, 'HOMEOSTAT_USAGE')
    expect(readFileSync(path('s.jsonl'))).toEqual(before)
  })
})

describe('best and status', () => {
  it('print the incumbent and the state', async () => {
    const { cwd } = await toldStudy(8)
    expect(await well(['best', 's.jsonl'], { cwd })).toMatch(
      /^best {2}1 {2}trial 7 of 8\n {2}x {2}[\d.]+\n {2}y {2}[\d.]+\n$/,
    )
    expect(JSON.parse(await well(['best', 's.jsonl', '--json'], { cwd }))).toMatchObject({ trial: 7, value: 1 })
    expect(await well(['best', 's.jsonl', '--env'], { cwd })).toMatch(
      /^export HOMEOSTAT_TRIAL=7 HOMEOSTAT_x=\S+ HOMEOSTAT_y=\S+\n$/,
    )
    expect(await well(['status', 's.jsonl'], { cwd })).toContain('8 trials: 8 complete')
    const status = JSON.parse(await well(['status', 's.jsonl', '--json'], { cwd }))
    expect(status).toMatchObject({
      path: 's.jsonl',
      dropped: 0,
      trials: { total: 8, complete: 8, open: 0 },
    })
  })

  it('have nothing to say of a study without a result, or without a file', async () => {
    const { cwd } = workplace()
    await fails(['best', 's.jsonl'], { status: 1, code: 'HOMEOSTAT_STUDY_MISSING' }, { cwd })
    await fails(['ask', 's.jsonl'], { status: 1, code: 'HOMEOSTAT_STUDY_MISSING' }, { cwd })
    await well(['ask', 's.jsonl', '--config', 'c.json'], { cwd })
    await fails(['best', 's.jsonl'], { status: 6, code: 'HOMEOSTAT_STUDY_NO_RESULT' }, { cwd })
    expect(await well(['status', 's.jsonl'], { cwd })).toContain('1 open')
  })
})

describe('arguments', () => {
  it.each([
    [['nosuch'], /unknown command 'nosuch' \(see homeostat --help\)/],
    [['tel'], /tell/],
    [['ask'], /study.*\(see homeostat ask --help\)/],
    [['ask', 's.jsonl', '--nosuch'], /unknown option '--nosuch'/],
    [['ask', 's.jsonl', '--batch', '0'], /1 to 1024/],
    [['journal', 'nosuch'], /unknown command/],
    [['run', '--concurrency', 'many', '--', 'true'], /whole number/],
    [['completion', 'tcsh'], /bash, zsh, fish/],
  ])('%j is refused with status 2', async (args, message) => {
    expect(await fails(args, { status: 2, code: 'HOMEOSTAT_USAGE' })).toMatch(message)
  })

  it('end a process with the statuses that are documented, errors on standard error alone', async () => {
    const { cwd } = workplace(SMALL)
    writeFileSync(join(cwd, 'edited.jsonl'), '{"format":"homeostat-study"}\n')
    const wanted: readonly (readonly [status: number, ...args: string[]])[] = [
      [0, 'ask', 's.jsonl', '-c', 'c.json', '-n', '6'],
      [1, 'tell', 's.jsonl', '77', '5'],
      [2, 'tell', 's.jsonl', '0', 'five'],
      [4, 'best', 'edited.jsonl'],
      [5, 'ask', 's.jsonl'],
      [6, 'best', 's.jsonl'],
    ]
    for (const [status, ...args] of wanted) {
      const ended = await homeostat(args, { cwd })
      expect({ args, ...ended }).toMatchObject({ status, err: status === 0 ? '' : expect.stringMatching(/^error /) })
      expect({ args, silent: ended.out === '' }).toEqual({ args, silent: status !== 0 })
    }
  })

  it('--help and --version are answered on standard output', async () => {
    expect(await well(['--version'])).toMatch(/^\d+\.\d+\.\d+\n$/)
    expect(await well(['--help'])).toContain('Exit status')
    expect(await well(['help', 'run'])).toBe(await well(['run', '--help']))
  })
})
