import { closeSync, openSync, writeSync } from 'node:fs'
import process from 'node:process'
import { define, list, outOf } from '../command.js'
import { EXPORT_FORMATS, type ExportFormat, written } from '../exchange/write.js'
import { failure, usage } from '../exit.js'
import type { Register } from '../program.js'
import { readStudy } from '../study/access.js'
import { type Trial, trialsOf } from '../study/trials.js'
import { plural } from '../ui/format.js'
import type { Common } from '../ui/out.js'

interface Options extends Common {
  readonly format?: ExportFormat
  readonly out?: string
  readonly state?: string[]
}

const STATES = ['open', 'complete', 'failed', 'pruned']

export const exportTrials: Register = (program) => {
  const command = define(program, {
    name: 'export',
    group: 'Studies:',
    summary: 'write all trials as CSV or JSON',
    examples: [
      'homeostat export tune.jsonl > trials.csv',
      'homeostat export tune.jsonl --format json --state complete --out trials.json',
      'homeostat export tune.jsonl --format optuna --out trials.csv   # columns as of trials_dataframe()',
    ],
  })
  command
    .argument('<study>', 'file of the study')
    .addOption(
      command
        .createOption('-f, --format <format>', 'form of the output; by default as --out ends, else csv')
        .choices(EXPORT_FORMATS),
    )
    .option('-o, --out <file>', 'file to write; by default standard output')
    .option('--state <states>', `only trials in these states: ${STATES.join(', ')}`, list)
    .action((path: string, options: Options) => {
      const out = outOf(options)
      const wrong = options.state?.find((state) => !STATES.includes(state))
      if (wrong !== undefined) throw usage(`--state must be some of ${STATES.join(', ')}, received ${wrong}`)
      const study = readStudy(path)
      let count = 0
      function* wanted(): Generator<Trial> {
        for (const trial of trialsOf(study.core)) {
          if (options.state !== undefined && !options.state.includes(trial.state)) continue
          count++
          yield trial
        }
      }
      const pieces = written(formatOf(options), study.knobs.names, wanted())
      if (options.out === undefined) for (const piece of pieces) process.stdout.write(piece)
      else {
        writeFile(options.out, pieces)
        out.note(`${plural(count, 'trial')} written to ${options.out}`)
      }
    })
}

function formatOf({ format, out, json }: Options): ExportFormat {
  if (format !== undefined) return format
  if (json === true || out?.endsWith('.json') === true) return 'json'
  return out?.endsWith('.jsonl') === true ? 'jsonl' : 'csv'
}

function writeFile(path: string, pieces: Iterable<string>): void {
  try {
    const file = openSync(path, 'w', 0o644)
    try {
      for (const piece of pieces) writeSync(file, piece)
    } finally {
      closeSync(file)
    }
  } catch (error) {
    throw failure('HOMEOSTAT_FILE', `${path} cannot be written: ${(error as Error).message}`, error)
  }
}
