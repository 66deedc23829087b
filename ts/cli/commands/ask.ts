import type { Params } from '../../node/study/knobs.js'
import { define, outOf, whole } from '../command.js'
import { failure } from '../exit.js'
import type { Register } from '../program.js'
import { openStudy } from '../study/access.js'
import { countsOf, left } from '../study/budget.js'
import { BUDGET_MAX, configFrom, type MakeOptions, makeOptions } from '../study/options.js'
import { shellAssignments } from '../study/shell.js'
import type { Common } from '../ui/out.js'

interface Options extends Common, MakeOptions {
  readonly batch: number
  readonly env?: boolean
}

export const ask: Register = (program) => {
  const command = define(program, {
    name: 'ask',
    group: 'Search:',
    summary: 'ask for the next point to evaluate',
    about:
      'The point stays open until its outcome is told. Any number of points may be open, and any number of processes may ask at once. Values are printed with all of their digits: durations in milliseconds, sizes in bytes.',
    examples: [
      'homeostat ask tune.jsonl --config tune.json     # makes the study, where there is none',
      'homeostat ask tune.jsonl --batch 4 --json',
      'eval "$(homeostat ask tune.jsonl --env)"; ./train.sh; homeostat tell tune.jsonl $HOMEOSTAT_TRIAL 0.25',
    ],
  })
    .argument('<study>', 'file of the study')
    .option('-n, --batch <n>', 'points to ask for', whole(1, 1024), 1)
    .option('--env', 'print shell commands that set HOMEOSTAT_TRIAL and HOMEOSTAT_<knob>')
    .option('--budget <n>', 'trials of the study in all, in place of its own budget', whole(1, BUDGET_MAX))
  makeOptions(command).action((path: string, options: Options) => {
    const out = outOf(options)
    const file = openStudy(path, out, options.wait, configFrom(options, options.budget))
    try {
      const asked = file.change((core) => {
        const room = left(countsOf(core), options.budget ?? file.config.budget)
        if (room <= 0)
          throw failure(
            'HOMEOSTAT_STUDY_EXHAUSTED',
            `the budget of ${options.budget ?? file.config.budget} trials is used up; --budget allows more`,
          )
        const values = new Float64Array(file.knobs.length)
        const points: { trial: number; params: Params }[] = []
        while (points.length < Math.min(options.batch, room)) {
          const trial = core.ask(values)
          if (trial < 0) break
          points.push({ trial, params: file.knobs.toParams(values) })
        }
        if (points.length === 0)
          throw failure('HOMEOSTAT_STUDY_EXHAUSTED', 'every point of this finite space was asked for already')
        return points
      }, false)
      for (const { trial, params } of asked) {
        if (options.env === true) out.line(shellAssignments(trial, params))
        else if (out.json) out.object({ trial, params })
        else out.line(`${out.style.bold(`trial ${trial}`)}  ${exact(params)}`)
      }
    } finally {
      file.close()
    }
  })
}

const exact = (params: Params): string =>
  Object.entries(params)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
