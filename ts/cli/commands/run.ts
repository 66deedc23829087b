import { existsSync } from 'node:fs'
import process from 'node:process'
import { define, outOf, real, time, whole } from '../command.js'
import { EXIT, usage } from '../exit.js'
import { exitOfSignal, Interrupt } from '../interrupt.js'
import type { Register } from '../program.js'
import { scriptEvaluator } from '../run/evaluate.js'
import { runTrials, type Stopped } from '../run/loop.js'
import { checkProgram } from '../run/program.js'
import { type Progress, reportTo } from '../run/report.js'
import { resumeText } from '../run/resume.js'
import { RunSession } from '../run/session.js'
import { openStudy } from '../study/access.js'
import { explain } from '../study/budget.js'
import { describeBest } from '../study/describe.js'
import { BUDGET_MAX, configFrom, defaultState, type MakeOptions, makeOptions } from '../study/options.js'
import { bestOf, type Trial } from '../study/trials.js'
import { number, plural } from '../ui/format.js'
import type { Common, Out } from '../ui/out.js'

interface Options extends Common, MakeOptions {
  readonly script?: string
  readonly state?: string
  readonly concurrency: number
  readonly timeout?: number
  readonly retry: number
  readonly target?: number
  readonly giveUp: number
  readonly results: 'last' | 'one'
  readonly showOutput?: boolean
}

/** Trials of a study for which nobody said how many. */
const BUDGET_DEFAULT = 100

const ABOUT = `The program gets the knobs as environment variables HOMEOSTAT_<name> (durations in milliseconds, sizes in bytes), and the number of the trial as HOMEOSTAT_TRIAL. It prints RESULT=<number>; the last such line counts, and lower is better. A program that ends with another status than 0, prints no number, runs longer than --timeout or dies by a signal makes a failed trial; the search goes on.

The study is one file, and running the same command again goes on with it. Any number of runs may share it, and it survives kill -9.`

export const run: Register = (program, end) => {
  const command = define(program, {
    name: 'run',
    group: 'Search:',
    summary: 'evaluate points by running a program, and search for the best',
    about: ABOUT,
    examples: [
      'homeostat run --config tune.json --script ./evaluate.sh --concurrency 4',
      'homeostat run --knob lr=1e-5..1:log --knob depth=1..12:integer --state tune.jsonl --budget 50 -- python train.py',
      'homeostat run --state tune.jsonl --budget 200 --timeout 30s --retry 1 -- ./bench --quick',
      'homeostat run --config tune.json --script ./evaluate.sh --json | jq -c .best',
    ],
  })
  command
    .argument('[command...]', 'the program and its arguments, after --')
    .option('-s, --script <file>', 'the program, in place of a command')
    .option('--state <file>', 'file of the study; by default that of the configuration, tune.jsonl for tune.json')
    .option('-j, --concurrency <n>', 'evaluations at once', whole(1, 256), 1)
    .option('-b, --budget <n>', 'trials of the study in all', whole(1, BUDGET_MAX))
    .option('-t, --timeout <duration>', 'longest time of one evaluation, such as 30s', time)
    .option('--retry <n>', 'times that a failed evaluation is tried again', whole(0, 100), 0)
    .option('--target <value>', 'stop once a value is at most this', real)
    .option(
      '--give-up <n>',
      'stop after so many failures where nothing ever succeeded; 0: never',
      whole(0, BUDGET_MAX),
      10,
    )
    .addOption(
      command
        .createOption('--results <which>', 'what several RESULT lines mean: the last counts, or the evaluation failed')
        .choices(['last', 'one'])
        .default('last'),
    )
    .option('--show-output', 'print what the program prints')
  makeOptions(command).action(async (words: readonly string[], options: Options) => end(await act(words, options)))
}

async function act(words: readonly string[], options: Options): Promise<number> {
  const out = outOf(options)
  const [program, ...args] = programOf(words, options)
  const path =
    options.state ?? (options.config === undefined || options.config === '-' ? undefined : defaultState(options.config))
  if (path === undefined) throw usage('say where the study is to be kept: --state <file>')
  const resumed = existsSync(path)
  const config = configFrom(options, options.budget)
  if (config === undefined && !resumed)
    throw usage(`there is no study ${path} yet: --config or --knob says what to search`)
  checkProgram(program as string)
  const file = openStudy(path, out, options.wait, config)
  if (file.knobs.names.includes('TRIAL')) out.warn('a knob named TRIAL takes the place of the number of the trial')
  const budget = options.budget ?? file.config.budget ?? BUDGET_DEFAULT
  const session = new RunSession(file, budget)
  const report = reportTo(out)
  const interrupt = new Interrupt()
  let running = 0
  const progress = (): Progress => {
    const { trials } = explain(file.core)
    const best = bestOf(file.core, file.knobs)
    return {
      done: trials.complete + trials.failed + trials.pruned - trials.added,
      budget,
      running,
      failed: trials.failed,
      best: best && { trial: best.trial, value: best.value ?? Number.NaN },
    }
  }
  if (resumed) out.note(`going on with ${path}: ${plural(progress().done, 'trial')} done`)
  const evaluate = scriptEvaluator(program as string, args, options, report)
  let bestBefore = bestOf(file.core, file.knobs)?.trial
  try {
    report.progress(progress())
    const stopped = await runTrials(session, {
      concurrency: options.concurrency,
      retry: options.retry,
      target: options.target,
      giveUp: options.giveUp,
      signal: interrupt.signal,
      evaluate,
      onStart: () => {
        running++
        report.progress(progress())
      },
      onRetry: (job, reason) => report.retried(job, reason),
      onEnd: (ended) => {
        running--
        const now = progress()
        report.ended(ended, now, now.best !== undefined && now.best.trial !== bestBefore)
        bestBefore = now.best?.trial
      },
    })
    report.close()
    const best = bestOf(file.core, file.knobs)
    conclude(out, { stopped, path, best, progress: progress(), options, signal: interrupt.name })
    return statusOf(stopped, best, options, interrupt.name)
  } finally {
    report.close()
    interrupt.close()
    session.close()
  }
}

function programOf(words: readonly string[], { script }: Options): readonly string[] {
  if (script === undefined && words.length === 0) throw usage('say what to run: --script <file>, or a command after --')
  if (script !== undefined && words.length > 0) throw usage('give either --script or a command, not both')
  // A script in this folder is meant, not a program of that name on the search path.
  return script === undefined ? words : [script.includes('/') || script.includes('\\') ? script : `./${script}`]
}

interface Conclusion {
  readonly stopped: Stopped
  readonly path: string
  readonly best: Trial | undefined
  readonly progress: Progress
  readonly options: Options
  readonly signal: NodeJS.Signals | undefined
}

const WHY: Readonly<Record<Stopped, string>> = {
  budget: 'the budget is used up',
  exhausted: 'every point of this finite space was tried',
  target: 'the target is reached',
  interrupted: 'interrupted',
}

function conclude(out: Out, { stopped, path, best, progress, options }: Conclusion): void {
  if (out.json) {
    const found = best && { trial: best.trial, params: best.params, value: best.value }
    out.object({
      event: 'end',
      reason: stopped,
      study: path,
      done: progress.done,
      budget: progress.budget,
      failed: progress.failed,
      best: found ?? null,
    })
  } else if (best !== undefined) out.lines(describeBest(best, progress.done, out))
  const missed = stopped !== 'target' && options.target !== undefined && stopped !== 'interrupted'
  const failed = progress.failed > 0 ? `, ${progress.failed} failed` : ''
  out.note(`${WHY[stopped]} after ${plural(progress.done, 'trial')}${failed}; the study is ${path}`)
  if (missed) out.note(`the target ${number(options.target as number)} was not reached`)
  if (stopped === 'interrupted')
    out.note(`what was running will be run again. To go on:\n  ${resumeText(process.argv, process.env)}`)
}

function statusOf(
  stopped: Stopped,
  best: Trial | undefined,
  options: Options,
  signal: NodeJS.Signals | undefined,
): number {
  if (stopped === 'interrupted') return exitOfSignal(signal)
  if (best === undefined) return EXIT.noResult
  return options.target !== undefined && stopped !== 'target' ? EXIT.exhausted : EXIT.ok
}
