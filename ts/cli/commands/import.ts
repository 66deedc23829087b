import { OUTCOME_COMPLETE, OUTCOME_FAILED, OUTCOME_PRUNED } from '../../binding.js'
import { isHomeostatError } from '../../errors.js'
import { define, outOf } from '../command.js'
import { type ImportedTrial, readTrials } from '../exchange/read.js'
import { failure } from '../exit.js'
import type { Register } from '../program.js'
import { openStudy } from '../study/access.js'
import { readText } from '../study/config.js'
import { configFrom, type MakeOptions, makeOptions } from '../study/options.js'
import { plural } from '../ui/format.js'
import type { Common } from '../ui/out.js'

interface Options extends Common, MakeOptions {
  readonly skipInvalid?: boolean
}

const OUTCOME = { complete: OUTCOME_COMPLETE, failed: OUTCOME_FAILED, pruned: OUTCOME_PRUNED }

export const importTrials: Register = (program) => {
  const command = define(program, {
    name: 'import',
    group: 'Studies:',
    summary: 'add results from elsewhere, so that the search starts from them',
    about:
      'Reads CSV, JSON or JSON Lines: exports of this program, tables of Optuna (number, value, params_<knob>, state), or a column per knob and one named value. Rows without an outcome are left out. It is all or nothing, unless --skip-invalid is given.',
    examples: [
      'homeostat import tune.jsonl trials.csv --config tune.json',
      'homeostat import tune.jsonl optuna.csv --skip-invalid',
      'other-tool --dump | homeostat import tune.jsonl -',
    ],
  })
    .argument('<study>', 'file of the study')
    .argument('<file>', 'results; - reads standard input')
    .option('--skip-invalid', 'leave out results that do not fit the knobs, and say how many')
  makeOptions(command).action((path: string, source: string, options: Options) => {
    const out = outOf(options)
    const file = openStudy(path, out, options.wait, configFrom(options))
    try {
      const { trials, open } = readTrials(readText(source, 'the results'), file.config)
      const values = new Float64Array(file.knobs.length)
      const usable = trials.filter((trial) => {
        const wrong = refusal(() => {
          // Also the range, which is the core's to check.
          file.core.find(file.knobs.toValues(trial.params, values))
        })
        if (wrong === undefined) return true
        if (options.skipInvalid === true) return false
        throw failure(
          'HOMEOSTAT_INVALID_IMPORT',
          `${trial.where}: ${wrong}; nothing was imported (--skip-invalid leaves such rows out)`,
        )
      })
      const replaced = usable.filter((trial) => trial.outcome === 'complete' && !Number.isFinite(trial.value)).length
      file.change((core) => {
        for (const trial of usable)
          core.add(file.knobs.toValues(trial.params, values), OUTCOME[trial.outcome], told(trial), trial.margin)
      }, true)
      const skipped = trials.length - usable.length
      if (out.json) out.object({ imported: usable.length, skipped, open, replaced })
      else
        out.note(
          `${plural(usable.length, 'result')} added${skipped > 0 ? `, ${skipped} left out` : ''}${open > 0 ? `, ${open} without an outcome` : ''}`,
        )
      if (replaced > 0) out.warn(`${plural(replaced, 'value')} not finite: they count as the worst seen`)
    } finally {
      file.close()
    }
  })
}

const told = (trial: ImportedTrial): number => (trial.outcome === 'failed' ? Number.NaN : trial.value)

function refusal(work: () => void): string | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    if (!isHomeostatError(error)) throw error
    return error.message
  }
}
