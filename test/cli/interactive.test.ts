/** `interactive`: the protocol, whatever comes in, and long traffic. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ended, fails, homeostat, lines, start, well } from './support/cli.js'
import { Driver } from './support/driver.js'
import { SMALL, SQUARE, workplace } from './support/studies.js'

interface Failure {
  readonly error: { readonly code: string; readonly message: string }
}

/** Answers to lines, in one go. */
async function answers(input: string, args = ['--config', 'c.json'], config: object = SQUARE): Promise<string[]> {
  const { cwd } = workplace(config)
  const { status, out, err } = await homeostat(['interactive', ...args], { cwd, input })
  expect({ status, err }).toEqual({ status: 0, err: '' })
  return lines(out)
}

describe('the protocol', () => {
  it('answers as the specification says', async () => {
    const driver = new Driver(['--config', 'c.json'], workplace({ bounds: { x: { min: 0, max: 1 } } }))
    const { params } = await driver.json<{ params: { x: number }[] }>({ cmd: 'ask', batch: 2 })
    expect(params).toEqual([{ x: expect.any(Number) }, { x: expect.any(Number) }])
    const [first, second] = params
    expect(await driver.ask({ cmd: 'best' })).toContain('HOMEOSTAT_STUDY_NO_RESULT')
    expect(await driver.ask({ cmd: 'tell', results: [{ params: first, value: 0.12 }] })).toBe('{"ok":true}')
    expect(await driver.ask({ cmd: 'tell', results: [{ params: second, failed: 'no memory' }] })).toBe('{"ok":true}')
    expect(await driver.ask({ cmd: 'best' })).toBe(JSON.stringify({ params: first, value: 0.12 }))
    expect(await driver.ask({ cmd: 'add', results: [{ params: { x: 0.75 }, value: 0.05 }] })).toBe('{"ok":true}')
    expect(await driver.json({ cmd: 'best' })).toEqual({ params: { x: 0.75 }, value: 0.05 })
    expect(await driver.json({ cmd: 'status' })).toMatchObject({
      trials: { total: 3, complete: 2, failed: 1, added: 1 },
    })
    expect(await driver.json({ cmd: 'importance' })).toEqual({ importance: expect.any(Object) })
    expect(await driver.ask({ cmd: 'close' })).toBe('{"ok":true}')
    expect(await driver.end).toMatchObject({ status: 0, err: '' })
    expect(driver.answers).toBe(10)
  })

  it('gives the same points as any other run of the same configuration', async () => {
    const requests = '{"cmd":"ask","batch":3}\n'
    expect(await answers(requests)).toEqual(await answers(requests))
  })

  it('tells by number, several at once, as far as they can be taken', async () => {
    const driver = new Driver(['--config', 'c.json'], workplace())
    expect(await driver.json({ cmd: 'ask', batch: 3, trials: true })).toMatchObject({ trials: [0, 1, 2] })
    const results = [
      { trial: 0, value: 1 },
      { trial: 7, value: 1 },
      { trial: 1, value: 1 },
    ]
    const { error } = await driver.json<Failure>({ cmd: 'tell', results })
    expect(error).toEqual({
      code: 'HOMEOSTAT_UNKNOWN_TRIAL',
      message: expect.stringMatching(/^results\[1\].*1 of 3 were taken$/),
    })
    expect(await driver.json({ cmd: 'status' })).toMatchObject({ trials: { complete: 1, open: 2 } })
    expect(
      await driver.ask({
        cmd: 'tell',
        results: [
          { trial: 1, value: 2, margin: -1 },
          { trial: 2, pruned: true, value: 3 },
        ],
      }),
    ).toBe('{"ok":true}')
    expect(await driver.json({ cmd: 'status' })).toMatchObject({
      trials: { complete: 2, infeasible: 1, pruned: 1, open: 0 },
    })
    await driver.close()
  })

  it('knows a point again that came back with fewer digits', async () => {
    const driver = new Driver(
      ['--config', 'c.json'],
      workplace({ seed: 9, bounds: { x: { min: 1e-7, max: 3, scale: 'log' } } }),
    )
    await driver.json({ cmd: 'ask', batch: 5 })
    const [point] = (await driver.json<{ params: { x: number }[] }>({ cmd: 'ask' })).params
    const x = Number((point as { x: number }).x.toPrecision(15))
    expect(await driver.ask({ cmd: 'tell', results: [{ params: { x }, value: 1 }] })).toBe('{"ok":true}')
    await driver.close()
  })
})

describe('bad requests', () => {
  const REQUESTS: readonly (readonly [request: string, code: string])[] = [
    ['', 'HOMEOSTAT_INVALID_JSON'],
    ['ask', 'HOMEOSTAT_INVALID_JSON'],
    ['{"cmd":"ask"', 'HOMEOSTAT_INVALID_JSON'],
    ['[]', 'HOMEOSTAT_INVALID_REQUEST'],
    ['null', 'HOMEOSTAT_INVALID_REQUEST'],
    ['{}', 'HOMEOSTAT_UNKNOWN_COMMAND'],
    ['{"cmd":"constructor"}', 'HOMEOSTAT_UNKNOWN_COMMAND'],
    ['{"cmd":"ask","batch":0}', 'HOMEOSTAT_INVALID_OPTION'],
    ['{"cmd":"ask","batch":1e9}', 'HOMEOSTAT_INVALID_OPTION'],
    ['{"cmd":"ask","batch":"2"}', 'HOMEOSTAT_INVALID_OPTION'],
    ['{"cmd":"tell"}', 'HOMEOSTAT_INVALID_OPTION'],
    ['{"cmd":"tell","results":{}}', 'HOMEOSTAT_INVALID_OPTION'],
    ['{"cmd":"tell","results":[null]}', 'HOMEOSTAT_INVALID_OPTION'],
    ['{"cmd":"tell","results":[{"params":{"x":0.1,"y":0.1}}]}', 'HOMEOSTAT_INVALID_OPTION'],
    ['{"cmd":"tell","results":[{"params":{"x":0.1,"y":0.1},"value":"low"}]}', 'HOMEOSTAT_INVALID_OPTION'],
    ['{"cmd":"tell","results":[{"params":{"x":0.1,"y":0.1},"value":null}]}', 'HOMEOSTAT_INVALID_OPTION'],
    ['{"cmd":"tell","results":[{"params":{"x":0.1,"y":0.1},"value":1}]}', 'HOMEOSTAT_UNKNOWN_POINT'],
    ['{"cmd":"tell","results":[{"params":{"x":0.1},"value":1}]}', 'HOMEOSTAT_INVALID_OPTION'],
    ['{"cmd":"tell","results":[{"params":{"x":0.1,"y":0.1,"z":0},"value":1}]}', 'HOMEOSTAT_UNKNOWN_KNOB'],
    ['{"cmd":"tell","results":[{"params":{"x":0.1,"y":"0.1"},"value":1}]}', 'HOMEOSTAT_INVALID_OPTION'],
    ['{"cmd":"tell","results":[{"params":[0.1,0.1],"value":1}]}', 'HOMEOSTAT_INVALID_OPTION'],
    ['{"cmd":"tell","results":[{"trial":0,"value":1}]}', 'HOMEOSTAT_UNKNOWN_TRIAL'],
    ['{"cmd":"tell","results":[{"trial":-1,"value":1}]}', 'HOMEOSTAT_INVALID_OPTION'],
    ['{"cmd":"add","results":[{"params":{"x":7,"y":0.1},"value":1}]}', 'HOMEOSTAT_INVALID_OPTION'],
    ['\u0000\u0001\uFFFD', 'HOMEOSTAT_INVALID_JSON'],
  ]

  it('are each answered by one error, and it goes on', async () => {
    const found = await answers(`${REQUESTS.map(([request]) => request).join('\n')}\n{"cmd":"ask"}\n`)
    expect(found).toHaveLength(REQUESTS.length + 1)
    for (const [i, [request, code]] of REQUESTS.entries()) {
      const { error } = JSON.parse(found[i] as string) as Failure
      expect({ request, ...error }).toEqual({ request, code, message: expect.stringMatching(/\S/) })
    }
    expect(found.at(-1)).toMatch(/^\{"params":\[\{"x":\S+,"y":\S+\}\]\}$/)
  })

  it('of more than a line may have are passed over', async () => {
    const found = await answers(
      `{"cmd":"ask","note":"${'x'.repeat(3_000_000)}"}\n{"cmd":"best"}\n${'y'.repeat(2_000_000)}`,
    )
    expect(found.map((line) => (JSON.parse(line) as Failure).error.code)).toEqual([
      'HOMEOSTAT_LINE_TOO_LONG',
      'HOMEOSTAT_STUDY_NO_RESULT',
      'HOMEOSTAT_LINE_TOO_LONG',
    ])
  })

  it('do not include a result told twice, which is refused, and values that are not finite, which count as the worst', async () => {
    const driver = new Driver(['--config', 'c.json'], workplace())
    const { params } = await driver.json<{ params: object[] }>({ cmd: 'ask', batch: 4 })
    const tell = (i: number, value: string) =>
      driver.ask(`{"cmd":"tell","results":[{"params":${JSON.stringify(params[i])},"value":${value}}]}`)
    expect(await tell(0, '3')).toBe('{"ok":true}')
    expect(await tell(0, '2')).toContain('HOMEOSTAT_TRIAL_TOLD')
    expect(await tell(1, 'NaN')).toBe('{"ok":true,"replaced":1}')
    expect(await tell(2, '-Infinity')).toBe('{"ok":true,"replaced":1}')
    expect(await tell(3, '1e999')).toBe('{"ok":true,"replaced":1}')
    expect(await driver.json({ cmd: 'best' })).toEqual({ params: params[0], value: 3 })
    await driver.close()
  })

  it('come with CRLF, a mark at the beginning, no newline at the end, and in any cut', async () => {
    const found = await answers('\uFEFF{"cmd":"ask"}\r\n{"cmd":"best"}\r\n  {"cmd":"ask"}  ')
    expect(found).toHaveLength(3)
    expect(found.filter((line) => line.startsWith('{"params"'))).toHaveLength(2)
    const child = start(['interactive', '--config', 'c.json'], workplace())
    const end = ended(child)
    for (const byte of Buffer.from('{"cmd":"ask","note":"ü€😀"}\n')) {
      child.stdin?.write(Uint8Array.of(byte))
      await new Promise(setImmediate)
    }
    child.stdin?.end()
    expect(lines((await end).out)).toHaveLength(1)
  })

  it('for more points than there are get those that there are, then an error', async () => {
    const [all, none] = await answers('{"cmd":"ask","batch":50}\n{"cmd":"ask"}\n', undefined, SMALL)
    expect((JSON.parse(all as string) as { params: object[] }).params).toHaveLength(6)
    expect(none).toContain('HOMEOSTAT_STUDY_EXHAUSTED')
  })
})

describe('its life', () => {
  it('needs a configuration or a study, and a file to be durable in', async () => {
    const { cwd } = workplace()
    const wrong = (...args: string[]) =>
      fails(['interactive', ...args], { status: 2, code: 'HOMEOSTAT_USAGE' }, { cwd })
    await wrong()
    await wrong('--config', '-')
    await wrong('--config', 'c.json', '--durable')
    await fails(['interactive', '--state', 's.jsonl'], { status: 1, code: 'HOMEOSTAT_STUDY_MISSING' }, { cwd })
    await fails(['interactive', '--config', 'no.json'], { status: 1, code: 'HOMEOSTAT_FILE' }, { cwd })
  })

  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('ends by %s between two requests, and leaves no lock behind', async (signal, expected) => {
    const place = workplace()
    const driver = new Driver(['--config', 'c.json', '--state', 's.jsonl'], place)
    await driver.ask({ cmd: 'ask' })
    driver.child.kill(signal)
    expect(await driver.end).toMatchObject({ status: expected, err: '' })
    expect(readdirSync(place.cwd).sort()).toEqual(['c.json', 's.jsonl'])
    expect(JSON.parse(await well(['validate', 's.jsonl', '--json'], place)).trials.open).toBe(1)
  })

  it('ends where nobody reads its answers any more', async () => {
    const place = workplace()
    const child = start(['interactive', '--config', 'c.json', '--state', 's.jsonl'], place)
    child.stdout?.destroy()
    child.stdin?.write('{"cmd":"ask"}\n'.repeat(10))
    expect(await ended(child)).toMatchObject({ status: 0, err: '' })
    expect(readdirSync(place.cwd).sort()).toEqual(['c.json', 's.jsonl'])
  })

  it('answers 16,000 requests by 16,000 lines, in memory that does not grow with what was done', async () => {
    const driver = new Driver(['--config', 'c.json', '--strategy', 'random'], workplace())
    const rounds = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        const { params } = await driver.json<{ params: { x: number }[] }>({ cmd: 'ask' })
        const told = await driver.ask({ cmd: 'tell', results: [{ params: params[0], value: params[0]?.x }] })
        if (told !== '{"ok":true}') throw new Error(told)
      }
    }
    await rounds(3000)
    const before = residentKb(driver.child.pid as number)
    await rounds(5000)
    const grown = residentKb(driver.child.pid as number) - before
    expect(driver.answers).toBe(16_000)
    // A trial's record is about 300 bytes; the rest is what a garbage collector leaves lying around.
    expect(grown).toBeLessThan(5000 * 0.5 + 24_000)
    expect(await driver.close()).toMatchObject({ status: 0, err: '' })
    expect(driver.answers).toBe(16_000)
  })
})

/** Resident memory of a process; 0 where the system has no /proc. */
function residentKb(pid: number): number {
  const file = `/proc/${pid}/status`
  return existsSync(file) ? Number(/VmRSS:\s+(\d+)/.exec(readFileSync(file, 'utf8'))?.[1]) : 0
}
