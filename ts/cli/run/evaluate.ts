/**
 * Evaluates by running the user's program; what it prints is told apart by trial.
 */
import type { Params } from '../../node/study/knobs.js'
import { command } from '../../solver/node/command.js'
import type { Evaluation } from './loop.js'
import type { Report } from './report.js'

export interface ScriptOptions {
  readonly timeout?: number
  readonly results: 'last' | 'one'
  readonly showOutput?: boolean
}

const RESULT = /^\s*RESULT=/

export function scriptEvaluator(
  file: string,
  args: readonly string[],
  { timeout, results, showOutput }: ScriptOptions,
  report: Report,
): (params: Params, evaluation: Evaluation) => Promise<number> {
  let warned = false
  return async (params, { trial, attempt, signal }) => {
    let printed = 0
    const evaluate = command(file, args, {
      env: { HOMEOSTAT_TRIAL: String(trial) },
      results,
      ...(timeout === undefined ? {} : { timeout }),
      onLine: (line, stream) => {
        if (stream === 'stdout' && RESULT.test(line)) printed++
        if (showOutput === true) report.output(trial, line)
      },
    })
    const value = await evaluate(params, { trial, attempt, signal, report: () => {} })
    if (printed > 1 && !warned) {
      warned = true
      report.warn(
        `trial ${trial} printed ${printed} RESULT lines; the last one counts (--results one makes that a failure)`,
      )
    }
    return value
  }
}
