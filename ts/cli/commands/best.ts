import { define, outOf } from '../command.js'
import { failure } from '../exit.js'
import type { Register } from '../program.js'
import { readStudy } from '../study/access.js'
import { describeBest } from '../study/describe.js'
import { shellAssignments } from '../study/shell.js'
import { bestOf } from '../study/trials.js'
import type { Common } from '../ui/out.js'

export const best: Register = (program) => {
  define(program, {
    name: 'best',
    group: 'Studies:',
    summary: 'print the best point so far',
    about:
      'The best complete trial that breaks no constraint. Where evaluations are noisy this is not the luckiest sample, but the point that holds up.',
    examples: [
      'homeostat best tune.jsonl',
      'homeostat best tune.jsonl --json | jq .params',
      'eval "$(homeostat best tune.jsonl --env)"      # sets HOMEOSTAT_<knob>',
    ],
  })
    .argument('<study>', 'file of the study')
    .option('--env', 'print shell commands that set HOMEOSTAT_TRIAL and HOMEOSTAT_<knob>')
    .action((path: string, options: Common & { env?: boolean }) => {
      const out = outOf(options)
      const { core, knobs } = readStudy(path)
      const found = bestOf(core, knobs)
      if (found === undefined)
        throw failure('HOMEOSTAT_STUDY_NO_RESULT', `none of the ${core.trials()} trials of ${path} has succeeded yet`)
      if (options.env === true) out.line(shellAssignments(found.trial, found.params))
      else if (out.json) out.object({ trial: found.trial, params: found.params, value: found.value })
      else out.lines(describeBest(found, core.trials(), out))
    })
}
