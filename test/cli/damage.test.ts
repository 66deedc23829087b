/** Files that are damaged, foreign, out of reach or out of room: told with a code, and left as they are. */
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { describe, expect, it } from 'vitest'
import { CLI, ended, fails, homeostat, jsonLines, startProgram, well } from './support/cli.js'
import { Driver } from './support/driver.js'
import { type Place, SQUARE, toldStudy, workplace } from './support/studies.js'

const counts = async (place: Place): Promise<{ complete: number; open: number }> =>
  JSON.parse(await well(['status', 's.jsonl', '--json'], place)).trials

/** Every command that looks at a study says the same, and none touches it. */
async function refused(place: Place, status: number, code: string): Promise<string> {
  const before = readFileSync(place.path('s.jsonl'))
  await fails(['ask', 's.jsonl'], { status, code }, place)
  await fails(['best', 's.jsonl'], { status, code }, place)
  const message = await fails(['tell', 's.jsonl', '0', '1'], { status, code }, place)
  expect(readFileSync(place.path('s.jsonl'))).toEqual(before)
  return message
}

describe('a study that was cut off', () => {
  it('in its last line goes on without that line, which nobody was told of', async () => {
    const place = await toldStudy(4)
    const whole = readFileSync(place.path('s.jsonl'))
    writeFileSync(place.path('s.jsonl'), whole.subarray(0, -30))
    const looked = await homeostat(['validate', 's.jsonl'], place)
    expect(looked).toMatchObject({ status: 0, err: expect.stringContaining('incomplete line') })
    expect(readFileSync(place.path('s.jsonl'))).toHaveLength(whole.length - 30)
    const told = await homeostat(['tell', 's.jsonl', '3', '0.5'], place)
    expect(told).toMatchObject({ status: 0, err: expect.stringContaining('incomplete line that nobody was told of') })
    expect(await counts(place)).toMatchObject({ complete: 4, open: 0 })
  })

  it('at its last newline only loses nothing', async () => {
    const place = await toldStudy(4)
    writeFileSync(place.path('s.jsonl'), readFileSync(place.path('s.jsonl')).subarray(0, -1))
    await well(['ask', 's.jsonl'], place)
    expect(await counts(place)).toMatchObject({ complete: 4, open: 1 })
  })

  it('before there was anything in it is made anew by a configuration', async () => {
    for (const length of [0, 1, 40]) {
      const place = await toldStudy(2)
      writeFileSync(place.path('s.jsonl'), readFileSync(place.path('s.jsonl')).subarray(0, length))
      const empty = { status: 1, code: 'HOMEOSTAT_STUDY_EMPTY' }
      expect(await fails(['ask', 's.jsonl'], empty, place)).toContain('--config')
      await well(['ask', 's.jsonl', '-c', 'c.json'], place)
      expect(await counts(place)).toMatchObject({ complete: 0, open: 1 })
    }
  })

  it('while a process uses it is noticed, and nothing more is written', async () => {
    const place = await toldStudy(4)
    const driver = new Driver(['--state', 's.jsonl'], place)
    expect(await driver.json({ cmd: 'best' })).toMatchObject({ value: 1 })
    // A lock is kept for a moment, for what may follow.
    await expect.poll(() => readdirSync(place.cwd)).not.toContain('s.jsonl.lock')
    writeFileSync(place.path('s.jsonl'), '')
    expect(await driver.ask({ cmd: 'ask' })).toContain('HOMEOSTAT_STUDY_CHANGED')
    await driver.close()
    expect(statSync(place.path('s.jsonl')).size).toBe(0)
  })
})

describe('a study that was edited', () => {
  it.each([
    ['a value', (text: string) => text.replace('"value":3', '"value":2'), 'line'],
    ['a line that is gone', (text: string) => text.split('\n').toSpliced(3, 1).join('\n'), 'line 4'],
    [
      'lines in another order',
      (text: string) => {
        const all = text.split('\n')
        return [...all.slice(0, 2), all[3], all[2], ...all.slice(4)].join('\n')
      },
      'line 3',
    ],
    ['line ends', (text: string) => text.replaceAll('\n', '\r\n'), 'line'],
    ['words in between', (text: string) => text.replace('\n', '\n# a note\n'), 'line 2'],
  ])('%s: is refused with the line', async (_, edit, where) => {
    const place = await toldStudy(4)
    const text = readFileSync(place.path('s.jsonl'), 'utf8')
    writeFileSync(place.path('s.jsonl'), edit(text))
    expect(readFileSync(place.path('s.jsonl'), 'utf8')).not.toBe(text)
    const before = readFileSync(place.path('s.jsonl'))
    const { status, err } = await homeostat(['ask', 's.jsonl', '--json'], place)
    const { error } = jsonLines<{ error: { code: string; message: string } }>(err)[0] as {
      error: { code: string; message: string }
    }
    expect({ status, code: error.code }).toEqual({
      status: 4,
      code: expect.stringMatching(/^HOMEOSTAT_STUDY_(BROKEN|MALFORMED)$/),
    })
    expect(error.message).toContain(where)
    expect(error.message).toContain('s.jsonl')
    expect(readFileSync(place.path('s.jsonl'))).toEqual(before)
  })

  it('of a newer version is refused as such', async () => {
    const place = await toldStudy(2)
    const text = readFileSync(place.path('s.jsonl'), 'utf8')
    writeFileSync(place.path('s.jsonl'), text.replace('"version":1', '"version":2'))
    expect(await refused(place, 4, 'HOMEOSTAT_STUDY_NEWER')).toContain('2')
  })
})

describe('a file that is something else', () => {
  it('is refused with a hint', async () => {
    const place = await toldStudy(2)
    const study = readFileSync(place.path('s.jsonl'), 'utf8')
    for (const [text, hint] of [
      [JSON.stringify(SQUARE), '--config'],
      ['{"seq":0,"event":"start"}\n', 'homeostat journal'],
      ['hello\n', 'hello'],
      ['\u0000'.repeat(100), 'begins with'],
    ] as const) {
      writeFileSync(place.path('s.jsonl'), text)
      expect(await refused(place, 4, 'HOMEOSTAT_STUDY_FORMAT')).toContain(hint)
    }
    writeFileSync(place.path('study.json'), study)
    expect(
      await fails(['ask', 'new.jsonl', '-c', 'study.json'], { status: 2, code: 'HOMEOSTAT_INVALID_JSON' }, place),
    ).toContain('it is a study')
    await fails(['ask', '.'], { status: 1, code: 'HOMEOSTAT_STUDY_IO' }, place)
    await fails(['best', '.'], { status: 1, code: 'HOMEOSTAT_STUDY_IO' }, place)
    await fails(['ask', 'no/such/folder/s.jsonl', '-c', 'c.json'], { status: 1, code: 'HOMEOSTAT_STUDY_IO' }, place)
  })
})

/** Root may write everywhere, so that it has to become somebody else. */
const SOMEBODY = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
async function mayRun(): Promise<boolean> {
  const child = startProgram(process.execPath, [CLI, '--version'], {}, SOMEBODY)
  return (await ended(child).catch(() => ({ status: 1 }))).status === 0
}

it('a study that may only be read is shown and not changed', async (context) => {
  if (!(await mayRun())) return context.skip('another user may not run the working copy')
  const place = await toldStudy(3)
  chmodSync(place.cwd, 0o555)
  chmodSync(place.path('s.jsonl'), 0o444)
  const as = (args: string[]) => ended(startProgram(process.execPath, [CLI, ...args, '--json'], place, SOMEBODY))
  try {
    expect(await as(['best', 's.jsonl'])).toMatchObject({ status: 0, out: expect.stringContaining('"value":1') })
    const { status, err } = await as(['tell', 's.jsonl', '0', '1'])
    expect({ status, err }).toEqual({ status: 1, err: expect.stringContaining('HOMEOSTAT_STUDY_IO') })
  } finally {
    chmodSync(place.cwd, 0o755)
  }
})

describe('a full disk', () => {
  it('stops what is told, keeps what was acknowledged, and with room it goes on', async () => {
    const place = workplace()
    // No file may become larger than this many blocks of 512 or 1024 bytes, whatever the shell counts in.
    const shell = 'ulimit -f 8; exec "$NODE" "$CLI" interactive -c c.json --state s.jsonl --durable'
    const child = startProgram('/bin/sh', ['-c', shell], { ...place, env: { NODE: process.execPath, CLI } })
    const driver = new Driver([], place, child)
    let taken = 0
    let refused = ''
    while (refused === '') {
      const asked = await driver.ask({ cmd: 'ask', trials: true })
      const { trials } = JSON.parse(asked) as { trials?: number[] }
      const told = trials && (await driver.ask({ cmd: 'tell', results: [{ trial: trials[0], value: taken }] }))
      if (told === '{"ok":true}') taken++
      else refused = told ?? asked
    }
    expect(refused).toContain('HOMEOSTAT_STUDY_IO')
    expect(await driver.ask({ cmd: 'best' })).toMatch(/"value":0\}$/)
    expect(await driver.close()).toMatchObject({ status: 0 })
    expect(taken).toBeGreaterThan(5)
    const now = await counts(place)
    expect(now.complete).toBe(taken)
    await well(['ask', 's.jsonl'], place)
    expect(await counts(place)).toMatchObject({ complete: taken, open: now.open + 1 })
  })

  it('under the output is an error', async () => {
    const place = await toldStudy(2)
    const shell = `"$NODE" "$CLI" export s.jsonl > /dev/full`
    const { status, err } = await ended(
      startProgram('/bin/sh', ['-c', shell], { ...place, env: { NODE: process.execPath, CLI } }),
    )
    expect({ status, err }).toEqual({ status: 1, err: expect.stringContaining('standard output cannot be written') })
    await fails(['export', 's.jsonl', '--out', '/dev/full'], { status: 1, code: 'HOMEOSTAT_FILE' }, place)
  })
})

it('configurations that cannot be meant are refused with option and value', async () => {
  const place = workplace()
  for (const [text, code, hint] of [
    ['', 'HOMEOSTAT_INVALID_JSON', 'c.json'],
    ['{"bounds":{"x":{"min":0,"max":1}}', 'HOMEOSTAT_INVALID_JSON', 'c.json'],
    ['[]', 'HOMEOSTAT_INVALID_OPTION', 'bounds'],
    ['{"bounds":{}}', 'HOMEOSTAT_INVALID_OPTION', 'bounds'],
    ['{"bounds":{"x":{"min":0}}}', 'HOMEOSTAT_INVALID_KNOB', 'bounds.x.max'],
    ['{"bounds":{"x":{"kind":"duration","min":"soon","max":"1s"}}}', 'HOMEOSTAT_INVALID_KNOB', 'soon'],
    ['{"bounds":{"7":{"min":0,"max":1}}}', 'HOMEOSTAT_INVALID_KNOB', '7'],
    ['{"budgt":3,"bounds":{"x":{"min":0,"max":1}}}', 'HOMEOSTAT_INVALID_OPTION', 'budgt'],
  ] as const) {
    writeFileSync(place.path('c.json'), text)
    expect(await fails(['validate', 'c.json'], { status: 2, code }, place)).toContain(hint)
  }
  writeFileSync(place.path('c.json'), '\uFEFF{"bounds":\r\n {"x": {"min": 0, "max": 1}}}\r\n')
  expect(await well(['validate', 'c.json'], place)).toContain('valid')
})
