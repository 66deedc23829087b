/**
 * Trials as files for other programs.
 */
import type { Trial } from '../study/trials.js'
import { csvLine } from './csv.js'

export const EXPORT_FORMATS = ['csv', 'json', 'jsonl', 'optuna'] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

/** As `trials_dataframe()` of Optuna names them. */
const OPTUNA_STATE = { open: 'RUNNING', complete: 'COMPLETE', failed: 'FAIL', pruned: 'PRUNED' } as const

/** The file in pieces of whole lines. */
export function* written(format: ExportFormat, names: readonly string[], trials: Iterable<Trial>): Generator<string> {
  switch (format) {
    case 'csv':
      yield `${csvLine(['trial', 'state', 'value', 'margin', 'reason', ...names])}\n`
      for (const { trial, state, value, margin, reason, params } of trials)
        yield `${csvLine([trial, state, value, margin, reason, ...names.map((name) => params[name])])}\n`
      return
    case 'optuna':
      yield `${csvLine(['number', 'value', ...names.map((name) => `params_${name}`), 'state'])}\n`
      for (const { trial, state, value, params } of trials)
        yield `${csvLine([trial, value, ...names.map((name) => params[name]), OPTUNA_STATE[state]])}\n`
      return
    case 'jsonl':
      for (const trial of trials) yield `${JSON.stringify(trial)}\n`
      return
    case 'json': {
      let first = true
      for (const trial of trials) {
        yield `${first ? '[\n' : ',\n'}  ${JSON.stringify(trial)}`
        first = false
      }
      yield first ? '[]\n' : '\n]\n'
    }
  }
}
