/** `run`: what programs do well and badly, how a run stops, and that the next one goes on. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { until } from '../support/folder.js'
import { ended, fails, homeostat, jsonLines, lines, start, startProgram, well } from './support/cli.js'
import { type Place, SMALL, SQUARE, workplace } from './support/studies.js'

interface Event {
  readonly event: string
  readonly trial: number
  readonly state: string
  readonly value: number | null
  readonly reason: string
  readonly replaced?: string
  readonly params: Readonly<Record<string, unknown>>
}

const SUM = 'echo "RESULT=$(awk "BEGIN { print $HOMEOSTAT_x + $HOMEOSTAT_y }")"'
const trialsOf = async (cwd: string): Promise<Event[]> =>
  JSON.parse(await well(['export', 's.jsonl', '--format', 'json'], { cwd })) as Event[]
/** Nothing but the study and what the test put there. */
const leftovers = ({ cwd }: Place): string[] => readdirSync(cwd).filter((name) => /\.(lock|run-)/.test(name))

describe('a run', () => {
  it('evaluates until the budget is used up, says each trial on a line, and prints the best', async () => {
    const place = workplace()
    place.script('e.sh', SUM)
    const { status, out, err } = await homeostat(
      ['run', '-c', 'c.json', '--state', 's.jsonl', '--script', 'e.sh', '-b', '6', '-j', '2'],
      place,
    )
    expect(status).toBe(0)
    expect(out).toMatch(/^best {2}\S+ {2}trial \d of 6\n {2}x {2}\S+\n {2}y {2}\S+\n$/)
    expect(
      lines(err).filter((line) =>
        /^\[\d\/6\] trial \d: \S+ {2}x=\S+ y=\S+ {2}\(\d+ ms\) {2}best \S+ \(trial \d\)$/.test(line),
      ),
    ).toHaveLength(6)
    expect(err).not.toContain('\u001b')
    expect(err).toContain('the budget is used up after 6 trials; the study is s.jsonl')
    expect(leftovers(place)).toEqual([])
    const again = await homeostat(['run', '--state', 's.jsonl', '--script', 'e.sh', '-b', '8', '--json'], place)
    expect(jsonLines<Event>(again.out).map(({ event, trial }) => [event, trial])).toEqual([
      ['trial', 6],
      ['trial', 7],
      ['end', undefined],
    ])
  })

  it('passes values of every kind by the environment, through paths and words with spaces and other letters', async () => {
    const place = workplace({
      bounds: {
        'größe 1': { min: 2, max: 3 },
        'a-b': { kind: 'choice', choices: ["d'été", 'ß x'] },
        on: { kind: 'boolean' },
      },
    })
    place.script(
      'mein skript ü.sh',
      'echo "$1|$HOMEOSTAT_a_b|$HOMEOSTAT_on|$HOMEOSTAT_TRIAL"; env | grep -a "^HOMEOSTAT_gr"; echo RESULT=1',
    )
    const args = ['run', '-c', 'c.json', '--state', 'mein stück.jsonl', '-b', '1', '--json', '--show-output']
    const events = jsonLines<Event & { line: string }>(
      await well([...args, '--', './mein skript ü.sh', 'ein wort'], place),
    )
    const printed = events.filter(({ event }) => event === 'output').map(({ line }) => line)
    expect(printed[0]).toMatch(/^ein wort\|(d'été|ß x)\|(true|false)\|0$/)
    expect(printed[1]).toMatch(/^HOMEOSTAT_gr/)
    expect(existsSync(place.path('mein stück.jsonl'))).toBe(true)
  })

  it('stops at a target, and says by its status where it was missed', async () => {
    const place = workplace()
    const run = (target: string) =>
      homeostat(
        [
          'run',
          '-c',
          'c.json',
          '--state',
          's.jsonl',
          '-b',
          '4',
          '--target',
          target,
          '--',
          'sh',
          '-c',
          'echo RESULT=$HOMEOSTAT_TRIAL',
        ],
        place,
      )
    expect(await run('0')).toMatchObject({
      status: 0,
      err: expect.stringContaining('the target is reached after 1 trial'),
    })
    expect(await run('-1')).toMatchObject({ status: 5, err: expect.stringContaining('the target -1 was not reached') })
  })

  it('tries every point of a finite space once', async () => {
    const place = workplace(SMALL)
    const { status, err } = await homeostat(
      [
        'run',
        '-c',
        'c.json',
        '--state',
        's.jsonl',
        '-b',
        '50',
        '-j',
        '3',
        '--',
        'sh',
        '-c',
        'echo RESULT=$HOMEOSTAT_n',
      ],
      place,
    )
    expect({ status, err }).toEqual({
      status: 0,
      err: expect.stringContaining('every point of this finite space was tried after 6 trials'),
    })
  })

  it('retries what failed', async () => {
    const place = workplace()
    const once = 'if [ -e "t$HOMEOSTAT_TRIAL" ]; then echo RESULT=1; else : > "t$HOMEOSTAT_TRIAL"; exit 9; fi'
    const events = jsonLines<Event>(
      await well(
        ['run', '-c', 'c.json', '--state', 's.jsonl', '-b', '2', '--retry', '1', '--json', '--', 'sh', '-c', once],
        place,
      ),
    )
    expect(events.map(({ event, state }) => state ?? event)).toEqual(['retry', 'complete', 'retry', 'complete', 'end'])
  })
})

/** Programs that never end, the second not by SIGTERM either. */
const ENDLESS = ['sleep 600', 'trap "" TERM; while :; do sleep 1; done']

/** Each trial another misfortune, all in one run. */
const MISFORTUNES: readonly (readonly [shell: string, state: string, reason: RegExp])[] = [
  ['echo RESULT=0.5', 'complete', /^$/],
  [':', 'failed', /no line RESULT=<number>/],
  ['kill -KILL $$', 'failed', /killed by SIGKILL/],
  ['kill -SEGV $$', 'failed', /killed by SIGSEGV/],
  ['echo warming up >&2; echo out of memory >&2; exit 3', 'failed', /status 3: out of memory/],
  ['echo RESULT=1; exit 1', 'failed', /status 1/],
  ['echo RESULT=fast', 'failed', /RESULT=fast, which is no number/],
  ['echo RESULT=', 'failed', /no number/],
  ['echo RESULT=9; echo RESULT=4', 'complete', /^$/],
  ['printf "RESULT=3\\r\\n"', 'complete', /^$/],
  ['printf "RESULT=-1e-3"', 'complete', /^$/],
  ['echo RESULT=nan', 'complete', /not finite/],
  ['echo RESULT=-inf', 'complete', /not finite/],
  ['exec 1>&-; sleep 0.1', 'failed', /no line RESULT/],
  ['yes "some line that is long enough to count" | head -c 20000000; echo; echo RESULT=2', 'complete', /^$/],
  ['head -c 20000000 /dev/zero; echo; echo RESULT=7', 'complete', /^$/],
  ['sleep 60 & echo RESULT=6', 'complete', /^$/],
]

describe('programs that misbehave', () => {
  it('make failed trials that say why, and the others count', async () => {
    const place = workplace()
    const cases = MISFORTUNES.map(([shell], i) => `${i}) ${shell} ;;`).join('\n')
    place.script('e.sh', `case $HOMEOSTAT_TRIAL in\n${cases}\nesac`)
    const args = ['run', '-c', 'c.json', '--state', 's.jsonl', '--script', './e.sh', '-j', '4', '--json']
    const { status, out, err } = await homeostat([...args, '-b', String(MISFORTUNES.length)], place)
    expect(status).toBe(0)
    expect(err).toMatch(/trial 8 printed 2 RESULT lines; the last one counts/)
    const kept = await trialsOf(place.cwd)
    for (const [i, [shell, state, reason]] of MISFORTUNES.entries())
      expect({ shell, state: kept[i]?.state, reason: kept[i]?.reason ?? '' }).toEqual({
        shell,
        state,
        reason: expect.stringMatching(reason),
      })
    expect([kept[8]?.value, kept[9]?.value, kept[10]?.value, kept[14]?.value, kept[15]?.value]).toEqual([
      4, 3, -0.001, 2, 7,
    ])
    const events = jsonLines<Event>(out)
    expect(events.find(({ trial }) => trial === 11)).toMatchObject({ value: null, replaced: 'NaN' })
    // What is not finite is never the best.
    expect(events.at(-1)).toMatchObject({ event: 'end', best: { trial: 10, value: -0.001 } })
  })

  it('are ended after their time, and killed where they would not hear of it', async () => {
    const place = workplace()
    const cases = ENDLESS.map((shell, i) => `${i}) echo $$ >> pids; ${shell} ;;`).join('\n')
    place.script('e.sh', `case $HOMEOSTAT_TRIAL in\n${cases}\nesac`)
    const limits = ['-b', String(ENDLESS.length), '-j', '2', '--timeout', '500ms']
    const args = ['run', '-c', 'c.json', '--state', 's.jsonl', '--script', './e.sh', ...limits, '--json']
    // None succeeded.
    expect((await homeostat(args, place)).status).toBe(6)
    for (const { state, reason } of await trialsOf(place.cwd))
      expect({ state, reason }).toEqual({ state: 'failed', reason: expect.stringMatching(/ran longer than 500 ms/) })
    const pids = existsSync(place.path('pids')) ? lines(readFileSync(place.path('pids'), 'utf8')) : []
    for (const pid of pids) expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH')
    expect(leftovers(place)).toEqual([])
  })

  it('make a failure of two results where --results one asks for it', async () => {
    const place = workplace()
    const { status, err } = await homeostat(
      [
        'run',
        '-c',
        'c.json',
        '--state',
        's.jsonl',
        '-b',
        '1',
        '--results',
        'one',
        '--',
        'sh',
        '-c',
        'echo RESULT=9; echo RESULT=4',
      ],
      place,
    )
    expect(status).toBe(6)
    expect(err).toContain('printed 2 results, first RESULT=9 and last RESULT=4')
  })

  it('are given up where nothing ever succeeds', async () => {
    const place = workplace()
    const { status, err } = await homeostat(
      ['run', '-c', 'c.json', '--state', 's.jsonl', '-b', '50', '--give-up', '3', '--', 'sh', '-c', 'exit 4'],
      place,
    )
    expect(status).toBe(6)
    expect(err).toContain('the first 3 evaluations all failed, the last one: ended with status 4')
    expect(leftovers(place)).toEqual([])
  })

  it('are named with what to do where they cannot be started, before a study is made', async () => {
    const place = workplace()
    writeFileSync(place.path('plain.sh'), '#!/bin/sh\n', { mode: 0o644 })
    writeFileSync(place.path('crlf.sh'), '#!/bin/sh\r\necho RESULT=1\r\n', { mode: 0o755 })
    writeFileSync(place.path('lost.sh'), '#!/no/such/shell -e\n', { mode: 0o755 })
    const script = (name: string) =>
      fails(['run', '-c', 'c.json', '--script', name], { status: 1, code: 'HOMEOSTAT_EVALUATOR_UNUSABLE' }, place)
    expect(await script('nosuch.sh')).toContain('no such file')
    expect(await script('plain.sh')).toContain('chmod +x ./plain.sh, or -- sh ./plain.sh')
    expect(await script('crlf.sh')).toContain('CRLF')
    expect(await script('lost.sh')).toContain('"/no/such/shell"')
    expect(await script('.')).toContain('no file')
    const named = fails(
      ['run', '-c', 'c.json', '--', 'no-such-program'],
      { status: 1, code: 'HOMEOSTAT_EVALUATOR_UNUSABLE' },
      place,
    )
    expect(await named).toContain('search path')
    expect(existsSync(place.path('c.jsonl'))).toBe(false)
  })
})

describe('a run that is ended', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s ends its programs, leaves their trials open and says how to go on', async (signal, expected) => {
    const place = workplace()
    const slow = 'echo $$ >> pids; if [ -e go ] || [ $HOMEOSTAT_TRIAL -lt 2 ]; then echo RESULT=1; else sleep 60; fi'
    place.script('e.sh', slow)
    const args = ['run', '-c', 'c.json', '--state', 's.jsonl', '--script', './e.sh', '-b', '5', '-j', '2']
    const child = start(args, place)
    const end = ended(child)
    const pids = () => (existsSync(place.path('pids')) ? lines(readFileSync(place.path('pids'), 'utf8')) : [])
    await until(() => pids().length === 4)
    child.kill(signal)
    const { status, err } = await end
    expect(status).toBe(expected)
    expect(err).toContain(`To go on:\n  homeostat ${args.join(' ')}`)
    for (const pid of pids()) expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH')
    expect(leftovers(place)).toEqual([])
    writeFileSync(place.path('go'), '')
    const more = jsonLines<Event>(await well([...args, '--json'], place)).filter(({ event }) => event === 'trial')
    expect(more.map(({ trial }) => trial).sort()).toEqual([2, 3, 4])
  })

  it('by kill -9 loses nothing that was told, and the next one evaluates what was open', async () => {
    const place = workplace()
    place.script('e.sh', 'echo RESULT=$HOMEOSTAT_TRIAL; [ $HOMEOSTAT_TRIAL = 3 ] && [ ! -e go ] && sleep 120; exit 0')
    const args = ['run', '-c', 'c.json', '--state', 's.jsonl', '--script', './e.sh', '-b', '6']
    const child = start(args, place)
    let said = ''
    child.stderr?.on('data', (text) => {
      said += String(text)
    })
    await until(() => said.includes('[3/6]'))
    child.kill('SIGKILL')
    writeFileSync(place.path('go'), '')
    const { status, err } = await homeostat(args, place)
    expect(status).toBe(0)
    expect(err).toContain('going on with s.jsonl: 3 trials done')
    expect((await trialsOf(place.cwd)).map(({ state, value }) => [state, value])).toEqual(
      [0, 1, 2, 3, 4, 5].map((value) => ['complete', value]),
    )
    expect(leftovers(place)).toEqual([])
  })

  it('by a reader that stops reading ends quietly', async () => {
    const place = workplace()
    const shell = `"$NODE" "$CLI" run -c c.json --state s.jsonl -b 400 --json -- true | head -n 1`
    const env = { NODE: process.execPath, CLI: new URL('../../dist/cli/homeostat.js', import.meta.url).pathname }
    const { out, err } = await ended(startProgram('/bin/sh', ['-c', shell], { ...place, env }))
    expect(lines(out)).toHaveLength(1)
    expect(err).toBe('')
    await expect.poll(() => leftovers(place)).toEqual([])
  })
})

it('a run without a program, a place or a configuration says what is missing', async () => {
  const place = workplace({ ...SQUARE, budget: 3 })
  const wrong = (...args: string[]) => fails(['run', ...args], { status: 2, code: 'HOMEOSTAT_USAGE' }, place)
  expect(await wrong('-c', 'c.json')).toContain('what to run')
  expect(await wrong('--', 'true')).toContain('--state')
  expect(await wrong('--state', 's.jsonl', '--', 'true')).toContain('--config or --knob')
  expect(await wrong('-c', 'c.json', '--script', 'x', '--', 'true')).toContain('not both')
})
