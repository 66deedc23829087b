import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { EvaluationContext } from '../../ts/solver/evaluation.js'
import { type CommandOptions, command, knobEnvironment } from '../../ts/solver/node/command.js'
import { closeWhenRead, killGroup } from '../../ts/solver/node/process-group.js'
import { parseResult } from '../../ts/solver/node/result-lines.js'
import { folder, until } from '../support/folder.js'

const context = (signal = new AbortController().signal): EvaluationContext => ({
  trial: 0,
  attempt: 1,
  signal,
  report: () => {},
})

/** Runs a shell script once. */
const sh = (script: string, options: CommandOptions = {}, params: object = {}, signal?: AbortSignal) =>
  command('/bin/sh', ['-c', script], options)(params, context(signal))

const failed = (message: RegExp, code = 'HOMEOSTAT_EVALUATION_FAILED') =>
  expect.objectContaining({ code, message: expect.stringMatching(message) })

const alive = (pid: number) => {
  try {
    process.kill(pid, 0)
    // A zombie is dead, but still there until its parent looks.
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

describe('knobs go in, the result comes out', () => {
  test('by environment and RESULT line, among other output', async () => {
    const script = 'echo start; echo "RESULT=$HOMEOSTAT_lr"; echo "$HOMEOSTAT_kind $HOMEOSTAT_cold"; echo end >&2'
    const seen: string[] = []
    const options = { onLine: (line: string, stream: string) => void seen.push(`${stream}: ${line}`) }
    expect(await sh(script, options, { lr: 1e-7, kind: 'a b', cold: false })).toBe(1e-7)
    expect(seen.sort()).toEqual(['stderr: end', 'stdout: RESULT=1e-7', 'stdout: a b false', 'stdout: start'])
  })

  test('a name with a hyphen also as a shell can write it', () => {
    expect(knobEnvironment({ 'batch-size': 3, n: true })).toEqual({
      'HOMEOSTAT_batch-size': '3',
      HOMEOSTAT_batch_size: '3',
      HOMEOSTAT_n: 'true',
    })
    expect(knobEnvironment({ batch_size: 1, 'batch-size': 2 })).toMatchObject({ HOMEOSTAT_batch_size: '1' })
  })

  test('an environment of its own, a folder of its own', async () => {
    const cwd = folder()
    writeFileSync(join(cwd, 'value'), '4\n')
    expect(await sh('echo RESULT=$(($(cat value) + X))', { cwd, env: { X: '3' } })).toBe(7)
  })

  test('the last line needs no newline, and may end as on Windows', async () => {
    expect(await sh('printf "RESULT=2"')).toBe(2)
    expect(await sh('printf "RESULT=-2.5e3\\r\\n"')).toBe(-2500)
  })

  test.each([
    ['nan', Number.NaN],
    ['-inf', Number.NEGATIVE_INFINITY],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['+1.', 1],
    ['.5', 0.5],
    ['1e3', 1000],
    ['0x10', undefined],
    ['', undefined],
    ['1 2', undefined],
    ['constructor', undefined],
  ])('RESULT=%s', (text, expected) => expect(parseResult(text)).toEqual(expected))

  test('a flood of output is no trouble', async () => {
    expect(await sh('head -c 20000000 /dev/zero | tr "\\0" x; echo; echo RESULT=1')).toBe(1)
  })
})

describe('a script that misbehaves fails its trial, with the reason', () => {
  test.each([
    ['prints nothing', 'true', /printed no line RESULT=<number>/],
    ['says why on stderr', 'echo "no such table" >&2', /printed no line RESULT=<number>: no such table/],
    ['prints twice', 'echo RESULT=1; echo RESULT=2', /printed 2 results, first RESULT=1 and last RESULT=2/],
    ['prints no number', 'echo RESULT=fast', /printed RESULT=fast, which is no number/],
    ['ends with a status', 'echo RESULT=1; echo broken >&2; exit 3', /ended with status 3: broken/],
    ['dies by a signal', 'echo RESULT=1; kill -SEGV $$', /was killed by SIGSEGV/],
  ])('%s', async (_, script, message) => {
    await expect(sh(script)).rejects.toEqual(failed(message))
  })

  test('of several results the last counts where that is asked for', async () => {
    expect(await sh('echo RESULT=1; echo RESULT=2', { results: 'last' })).toBe(2)
  })

  test('hangs', async () => {
    const start = performance.now()
    await expect(sh('sleep 60', { timeout: 100 })).rejects.toEqual(failed(/ran longer than 100 ms and was ended/))
    expect(performance.now() - start).toBeLessThan(50_000)
  })

  test('ignores SIGTERM, with children that do too', async () => {
    const file = join(folder(), 'pids')
    const stubborn = `trap "" TERM; sh -c 'trap "" TERM; echo $$ >> ${file}; while :; do sleep 1; done' & echo $$ >> ${file}; while :; do sleep 1; done`
    const abort = new AbortController()
    const run = sh(stubborn, { grace: 100 }, {}, abort.signal)
    const written = () => (existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [])
    await until(() => written().length === 2)
    abort.abort(new Error('enough'))
    await expect(run).rejects.toThrow('enough')
    const pids = written().map(Number)
    await until(() => !pids.some(alive))
  })

  test('leaves a process behind that holds its output', async () => {
    const file = join(folder(), 'pid')
    const start = performance.now()
    expect(await sh(`sleep 60 & echo $! > ${file}; echo RESULT=5`)).toBe(5)
    expect(performance.now() - start).toBeLessThan(50_000)
    await until(() => !alive(Number(readFileSync(file, 'utf8'))))
  })

  test('prints what this process, held up at its end, has not read yet', async () => {
    // More than is read before anybody asks for it, less than a pipe holds.
    const script = 'sleep 60 & head -c 100000 /dev/zero; echo; echo RESULT=6'
    const child = spawn('/bin/sh', ['-c', script], { detached: true })
    let said = ''
    await new Promise<void>((resolve) => {
      child.once('exit', () => {
        child.stdout.on('data', (text) => {
          said += String(text)
        })
        child.once('close', () => resolve())
        closeWhenRead(child)
        const end = performance.now() + 700
        while (performance.now() < end);
      })
    })
    killGroup(child, 'SIGKILL')
    expect(said.endsWith('\nRESULT=6\n')).toBe(true)
  })

  test('leaves a process behind that never stops printing', async () => {
    const child = spawn('/bin/sh', ['-c', 'yes & echo RESULT=6'], { detached: true })
    child.stdout.resume()
    await new Promise<void>((resolve) => {
      child.once('close', () => resolve())
      child.once('exit', () => closeWhenRead(child))
    })
    killGroup(child, 'SIGKILL')
  })

  test('is not there: nothing can be evaluated', async () => {
    await expect(command('./no-such-script')({}, context())).rejects.toEqual(
      failed(/"\.\/no-such-script" cannot be started/, 'HOMEOSTAT_EVALUATOR_UNUSABLE'),
    )
  })
})

test('abort ends the process group and rejects with the reason', async () => {
  const file = join(folder(), 'pid')
  const abort = new AbortController()
  const run = sh(`echo $$ > ${file}; sleep 60`, { grace: 50 }, {}, abort.signal)
  await until(() => existsSync(file) && readFileSync(file, 'utf8') !== '')
  abort.abort(new Error('enough'))
  await expect(run).rejects.toThrow('enough')
  await until(() => !alive(Number(readFileSync(file, 'utf8'))))
  await expect(sh('echo RESULT=1', {}, {}, abort.signal)).rejects.toThrow('enough')
})

test.each(['SIGINT', 'SIGTERM'] as const)('%s to this process ends the groups that run', async (signal) => {
  const at = folder()
  const built = new URL('../../dist/esm/solver-node.js', import.meta.url)
  if (!existsSync(built)) throw new Error(`${built.pathname} is missing: npm run build`)
  writeFileSync(
    join(at, 'main.mjs'),
    `import { command } from ${JSON.stringify(built.href)}
     const context = { trial: 0, attempt: 1, signal: new AbortController().signal, report() {} }
     await command('/bin/sh', ['-c', 'echo $$ > ${join(at, 'pid')}; sleep 60'])({}, context)`,
  )
  const parent = spawn(process.execPath, [join(at, 'main.mjs')], { stdio: 'inherit' })
  const pid = join(at, 'pid')
  await until(() => existsSync(pid) && readFileSync(pid, 'utf8') !== '')
  const ended = new Promise((resolve) => parent.once('exit', (_, by) => resolve(by)))
  parent.kill(signal)
  expect(await ended).toBe(signal)
  await until(() => !alive(Number(readFileSync(pid, 'utf8'))))
})

test.each([
  ['file', () => command('')],
  ['args', () => command('x', [1] as never)],
  ['timeout', () => command('x', [], { timeout: 0 })],
  ['timout', () => command('x', [], { timout: 5 } as never)],
  ['concurrency', () => command('x', [], { concurrency: 0 })],
  ['results', () => command('x', [], { results: 'first' as never })],
])('an option that cannot be meant is refused: %s', (option, make) => {
  expect(make).toThrow(expect.objectContaining({ option, code: expect.stringMatching(/^HOMEOSTAT_/) }))
})
