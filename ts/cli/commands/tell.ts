import { OUTCOME_COMPLETE, OUTCOME_FAILED, OUTCOME_PRUNED, type SolverCore } from '../../binding.js'
import { show } from '../../errors.js'
import type { Knobs } from '../../node/study/knobs.js'
import { parseResult } from '../../solver/node/result-lines.js'
import { define, outOf, real, whole } from '../command.js'
import { failure, usage } from '../exit.js'
import type { Register } from '../program.js'
import { openStudy } from '../study/access.js'
import { type WaitOption, waitOption } from '../study/options.js'
import { bestOf } from '../study/trials.js'
import { number } from '../ui/format.js'
import type { Common } from '../ui/out.js'

interface Options extends Common, WaitOption {
  readonly params?: string
  readonly failed?: string | true
  readonly pruned?: boolean
  readonly margin?: number
}

export const tell: Register = (program) => {
  const command = define(program, {
    name: 'tell',
    group: 'Search:',
    summary: 'tell the outcome of a point',
    about:
      'An outcome is told once, and is on the disk when the command ends. NaN and infinities count as the worst value seen.',
    examples: [
      'homeostat tell tune.jsonl 3 0.125',
      'homeostat tell tune.jsonl 3 -- -0.125                 # a negative value follows --',
      'homeostat tell tune.jsonl 4 --failed "out of memory"',
      `homeostat tell tune.jsonl 0.125 --params '{"lr":0.01,"depth":3}'`,
    ],
  })
  command
    .argument('<study>', 'file of the study')
    .argument('[trial]', 'number of the trial, as ask printed it')
    .argument('[value]', 'what was measured; lower is better')
    .option('--params <json>', 'the point itself, in place of its number')
    .option('--failed [reason]', 'the evaluation failed')
    .option('--pruned', 'the evaluation was given up; the value, if there is one, is what it had reached')
    .option('--margin <x>', "the worst constraint's (limit - value) / |limit|; negative where it is broken", real)
  waitOption(command).action(
    (path: string, first: string | undefined, second: string | undefined, options: Options) => {
      const out = outOf(options)
      const words = [first, second].filter((word) => word !== undefined)
      const number_ = options.params === undefined ? trialNumber(words.shift()) : undefined
      const told = { ...outcomeOf(words.shift(), options), margin: options.margin ?? Number.NaN }
      if (words.length > 0) throw usage(`there is nothing to do with ${show(words[0])}`)
      const file = openStudy(path, out, options.wait)
      try {
        const { trial, replaced } = file.change((core) => {
          const trial = number_ ?? find(core, file.knobs, options.params as string)
          const replaced = core.tell(trial, told.outcome, told.value, told.margin, told.reason) === 1
          return { trial, replaced }
        }, true)
        const best = bestOf(file.core, file.knobs)
        if (replaced) out.warn(`${told.value} counts as the worst value seen`)
        if (out.json)
          out.object({ ok: true, trial, replaced, best: best ? { trial: best.trial, value: best.value } : null })
        else if (best === undefined) out.note(`trial ${trial} is told; none has succeeded yet`)
        else if (best.trial === trial) out.note(out.noteStyle.green(`trial ${trial} is the best so far`))
        else out.note(`trial ${trial} is told; the best is ${number(best.value ?? Number.NaN)} (trial ${best.trial})`)
      } finally {
        file.close()
      }
    },
  )
}

const trialNumber = (text: string | undefined): number => {
  if (text === undefined) throw usage('say which trial: its number, or --params with its point')
  try {
    return whole(0, 2 ** 30)(text)
  } catch {
    throw usage(`a trial must be a whole number, received ${show(text)}`)
  }
}

function outcomeOf(text: string | undefined, { failed, pruned }: Options) {
  if (failed !== undefined && (pruned === true || text !== undefined))
    throw usage('a failed trial has no value and was not pruned')
  const reason = typeof failed === 'string' ? failed : ''
  if (failed !== undefined) return { outcome: OUTCOME_FAILED, value: Number.NaN, reason }
  const value = text === undefined ? undefined : parseResult(text)
  if (text !== undefined && value === undefined) throw usage(`a value must be a number, received ${show(text)}`)
  if (pruned === true) return { outcome: OUTCOME_PRUNED, value: value ?? Number.NaN, reason }
  if (value === undefined) throw usage('say the value, or --failed, or --pruned')
  return { outcome: OUTCOME_COMPLETE, value, reason }
}

function find(core: SolverCore, knobs: Knobs, json: string): number {
  let params: unknown
  try {
    params = JSON.parse(json)
  } catch (error) {
    throw usage(`--params must be JSON: ${(error as Error).message}`)
  }
  const trial = core.find(knobs.toValues(params, new Float64Array(knobs.length)))
  if (trial < 0)
    throw failure('HOMEOSTAT_UNKNOWN_POINT', 'no open trial has this point: it was never asked for, or was told before')
  return trial
}
