/**
 * Evaluates by running a program: knobs go in as environment variables `HOMEOSTAT_<name>`, the result comes out as a line
 * `RESULT=<number>` on standard output. Any language will do.
 *
 * A run counts when the program ends with status 0 and printed one result. Anything else is a failed evaluation whose message
 * says what happened: it ran too long, was killed by a signal, ended with another status, printed no result, something that is no
 * number, or more than one result. Whatever the program left running in its process group is ended with it.
 */
import type { ChildProcess } from 'node:child_process'
import process from 'node:process'
import { invalid, show } from '../../errors.js'
import * as check from '../../schema/checks.js'
import type { DurationInput } from '../../units.js'
import { type EvaluationContext, type Evaluator, failedEvaluation, unusableEvaluator } from '../evaluation.js'
import { closeWhenRead, killGroup, killLeftovers, spawnGroup } from './process-group.js'
import { parseResult, ResultLines, Tail } from './result-lines.js'

export interface CommandOptions {
  /** Folder that the program runs in. Default: this process's. */
  cwd?: string
  /** Variables over those of this process; undefined takes one away. */
  env?: Readonly<Record<string, string | undefined>>
  /** Longest time of one run. 1 ms to 24 d; default none. `minimize` has a `timeout` of its own. */
  timeout?: DurationInput
  /** Time between asking the process group to end (SIGTERM) and ending it (SIGKILL). 0 to 60 s; default 1 s. */
  grace?: DurationInput
  /** `one` (default): a second result is a failure, since nobody can say which one counts. `last`: the last one counts. */
  results?: 'one' | 'last'
  /** Runs at once that `minimize` makes where it is not told. 1 to 256; default 1. */
  concurrency?: number
  /** Sees what the program prints, line by line. */
  onLine?: (line: string, stream: 'stdout' | 'stderr') => void
}

type Values = Readonly<Record<string, number | string | boolean>>

const OPTIONS = ['cwd', 'env', 'timeout', 'grace', 'results', 'concurrency', 'onLine'] as const
/** About the longest that a timer can wait. */
const TIMER_MAX_MS = 2_073_600_000
const STDERR_MAX = 4096
/** The program is not there or may not be run: no trial can succeed. */
const UNUSABLE = new Set(['ENOENT', 'EACCES', 'EPERM', 'ENOEXEC', 'ENOTDIR'])

/**
 * An evaluation that runs a program: `minimize(command('./evaluate.sh'), { space, budget: 50 })`. Throws `HOMEOSTAT_INVALID_OPTION`;
 * its evaluations throw `HOMEOSTAT_EVALUATION_FAILED`, or `HOMEOSTAT_EVALUATOR_UNUSABLE` where the program cannot be started.
 */
export function command(file: string, args: readonly string[] = [], options: CommandOptions = {}): Evaluator {
  check.text('file', file)
  if (!Array.isArray(args) || !args.every((arg) => typeof arg === 'string'))
    throw invalid('args', 'a list of texts', args)
  const o = check.object('options', options) as CommandOptions
  check.onlyKeys('', o, OPTIONS)
  const timeoutMs =
    o.timeout === undefined ? undefined : check.duration('timeout', o.timeout, { min: 1, max: TIMER_MAX_MS })
  const resolved: Resolved = {
    file,
    args,
    cwd: o.cwd === undefined ? undefined : check.text('cwd', o.cwd),
    env: { ...process.env, ...o.env },
    timeoutMs,
    graceMs: check.duration('grace', o.grace, { min: 0, max: 60_000, fallback: 1000 }),
    results: check.oneOf('results', o.results, ['one', 'last'], 'one'),
    onLine: o.onLine === undefined ? undefined : (check.fn('onLine', o.onLine) as Resolved['onLine']),
  }
  const concurrency = check.number('concurrency', o.concurrency, { min: 1, max: 256, whole: true, fallback: 1 })
  return Object.assign((params: unknown, context: EvaluationContext) => runOnce(resolved, params as Values, context), {
    concurrency,
  })
}

interface Resolved {
  readonly file: string
  readonly args: readonly string[]
  readonly cwd: string | undefined
  readonly env: NodeJS.ProcessEnv
  readonly timeoutMs: number | undefined
  readonly graceMs: number
  readonly results: 'one' | 'last'
  readonly onLine: ((line: string, stream: 'stdout' | 'stderr') => void) | undefined
}

/** Knobs as environment variables. A shell cannot name a variable with a hyphen, so those come with an underscore too. */
export function knobEnvironment(params: Values): Record<string, string> {
  const entries = Object.entries(params).map(([name, value]) => [`HOMEOSTAT_${name}`, String(value)] as const)
  const shell = entries.map(([name, value]) => [name.replace(/[^A-Za-z0-9_]/g, '_'), value] as const)
  return { ...Object.fromEntries(shell), ...Object.fromEntries(entries) }
}

interface End {
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
}

async function runOnce(options: Resolved, params: Values, context: EvaluationContext): Promise<number> {
  context.signal.throwIfAborted()
  const lines = new ResultLines(options.onLine && ((line) => options.onLine?.(line, 'stdout')))
  const errors = new ResultLines(options.onLine && ((line) => options.onLine?.(line, 'stderr')))
  const tail = new Tail(STDERR_MAX)
  const child = spawnGroup(options.file, options.args, {
    cwd: options.cwd,
    env: { ...options.env, ...knobEnvironment(params) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stdout?.on('data', (bytes: Uint8Array) => lines.push(bytes))
  child.stderr?.on('data', (bytes: Buffer) => {
    errors.push(bytes)
    tail.push(bytes.toString())
  })
  const killer = new Killer(child, options.graceMs)
  const onAbort = () => killer.kill()
  context.signal.addEventListener('abort', onAbort, { once: true })
  let timedOut = false
  const timer =
    options.timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true
          killer.kill()
        }, options.timeoutMs)
  try {
    const end = await ended(child, options.file)
    if (context.signal.aborted) throw context.signal.reason
    if (timedOut) throw failedEvaluation(`ran longer than ${options.timeoutMs} ms and was ended`)
    lines.end()
    errors.end()
    return resultOf(end, lines, tail.lastLine, options.results)
  } finally {
    clearTimeout(timer)
    killer.done()
    context.signal.removeEventListener('abort', onAbort)
  }
}

/** Asks the group to end, then ends it. */
class Killer {
  readonly #child: ChildProcess
  readonly #graceMs: number
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(child: ChildProcess, graceMs: number) {
    this.#child = child
    this.#graceMs = graceMs
  }

  kill(): void {
    if (this.#timer !== undefined) return
    killGroup(this.#child, this.#graceMs === 0 ? 'SIGKILL' : 'SIGTERM')
    this.#timer = setTimeout(() => killGroup(this.#child, 'SIGKILL'), this.#graceMs)
  }

  done(): void {
    clearTimeout(this.#timer)
  }
}

/** Resolves when the program has ended, what it left behind too, and its output was read. */
function ended(child: ChildProcess, file: string): Promise<End> {
  return new Promise((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      const reason = `${show(file)} cannot be started: ${error.message}`
      reject(UNUSABLE.has(error.code ?? '') ? unusableEvaluator(reason, error) : failedEvaluation(reason, error))
    })
    child.once('exit', (status, signal) => {
      const end = { status, signal }
      killLeftovers(child)
      child.once('close', () => resolve(end))
      closeWhenRead(child)
    })
  })
}

function resultOf(end: End, lines: ResultLines, said: string, results: 'one' | 'last'): number {
  const because = said === '' ? '' : `: ${said}`
  if (end.signal !== null) throw failedEvaluation(`was killed by ${end.signal}${because}`)
  if (end.status !== 0) throw failedEvaluation(`ended with status ${end.status}${because}`)
  if (lines.last === undefined || lines.first === undefined) {
    throw failedEvaluation(`printed no line RESULT=<number>${because}`)
  }
  if (lines.count > 1 && results === 'one') {
    throw failedEvaluation(`printed ${lines.count} results, first RESULT=${lines.first} and last RESULT=${lines.last}`)
  }
  const value = parseResult(lines.last)
  if (value === undefined) throw failedEvaluation(`printed RESULT=${lines.last.slice(0, 64)}, which is no number`)
  return value
}
