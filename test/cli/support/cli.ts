/** The built command line as a child process, as users run it; and what only asks for an answer, in this process. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished } from 'vitest'
import { here } from './here.js'

export const CLI =
  process.env.HOMEOSTAT_CLI ?? fileURLToPath(new URL('../../../dist/cli/homeostat.js', import.meta.url))
if (!existsSync(CLI)) throw new Error(`${CLI} is not built: npm run build`)

export interface Result {
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly err: string
}

export interface CallOptions {
  readonly cwd?: string
  readonly input?: string
  readonly env?: Readonly<Record<string, string | undefined>>
  /** In a process of its own, where `well` and `fails` would need none. */
  readonly apart?: boolean
}

/** Any program, with the environment of these tests. */
export function startProgram(
  file: string,
  args: readonly string[],
  { cwd, env }: CallOptions = {},
  options: SpawnOptions = {},
): ChildProcess {
  const child = spawn(file, args, {
    cwd,
    env: { ...process.env, NO_COLOR: '', FORCE_COLOR: '', CI: '', npm_command: undefined, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...options,
  })
  // Its error is told by `ended` where it matters; without input it may end before it has read any.
  child.stdin?.on('error', () => {})
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

export const start = (args: readonly string[], call: CallOptions = {}, options: SpawnOptions = {}): ChildProcess =>
  startProgram(process.execPath, [CLI, ...args], call, options)

export async function ended(child: ChildProcess): Promise<Result> {
  let out = ''
  let err = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  const [status, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return { status, signal, out, err }
}

/** Runs `homeostat` to its end, in a process of its own. */
export function homeostat(args: readonly string[], options: CallOptions = {}): Promise<Result> {
  const child = start(args, options)
  child.stdin?.end(options.input ?? '')
  return ended(child)
}

/** In this process, unless what the test is about belongs to a process of its own. */
const call = (args: readonly string[], options: CallOptions): Promise<Result> =>
  options.input === undefined && options.env === undefined && options.apart !== true
    ? here(args, options.cwd)
    : homeostat(args, options)

/** Runs what has to succeed. */
export async function well(args: readonly string[], options: CallOptions = {}): Promise<string> {
  const { status, out, err } = await call(args, options)
  expect({ args, status, err }).toEqual({ args, status: 0, err: expect.any(String) })
  return out
}

/** Runs what has to fail: its exit status, the code of its error, and nothing on standard output. Returns the message. */
export async function fails(
  args: readonly string[],
  expected: { readonly status: number; readonly code: string },
  options: CallOptions = {},
): Promise<string> {
  const end = args.includes('--') ? args.indexOf('--') : args.length
  const { status, out, err } = await call(args.toSpliced(end, 0, '--json'), options)
  const said = lines(err).map((line) => JSON.parse(line) as { error?: { code: string; message: string } })
  const error = said.find((line) => line.error !== undefined)?.error
  expect({ args, status, out, code: error?.code }).toEqual({
    args,
    status: expected.status,
    out: '',
    code: expected.code,
  })
  return error?.message ?? ''
}

export const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '')
export const jsonLines = <T = Record<string, unknown>>(text: string): T[] =>
  lines(text).map((line) => JSON.parse(line) as T)
