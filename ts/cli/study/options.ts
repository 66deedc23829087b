/**
 * Options by which a study is found or made.
 */
import type { Command } from 'commander'
import type { StudyBound, StudyConfig } from '../../binding.js'
import { collect, whole } from '../command.js'
import { usage } from '../exit.js'
import { parseBound } from './bound.js'
import { readConfig } from './config.js'

const STRATEGIES = ['auto', 'nelder-mead', 'tpe', 'spsa', 'random', 'sobol'] as const
export const BUDGET_MAX = 1_000_000

export interface MakeOptions {
  readonly config?: string
  readonly knob?: readonly (readonly [string, StudyBound])[]
  readonly budget?: number
  readonly seed?: number
  readonly strategy?: string
}

/** Where the configuration of a new study comes from. */
export function makeOptions(command: Command): Command {
  return command
    .option(
      '-c, --config <file>',
      'configuration (JSON) that makes the study, or has to agree with it; - reads standard input',
    )
    .option(
      '-k, --knob <name=spec>',
      'a knob in place of a configuration, or over it; see the examples',
      collect(parseBound),
    )
    .option('--seed <n>', 'seed of a new study', whole(0, 2 ** 32 - 1))
    .addOption(command.createOption('--strategy <name>', 'strategy of a new study').choices(STRATEGIES))
}

/** The configuration that the options give; undefined where they give none. */
export function configFrom(options: MakeOptions, budget?: number): StudyConfig | undefined {
  const read = options.config === undefined ? undefined : readConfig(options.config)
  const knobs = options.knob ?? []
  if (read === undefined && knobs.length === 0) {
    if (options.seed !== undefined || options.strategy !== undefined)
      throw usage('--seed and --strategy are for a new study: give --config or --knob too')
    return undefined
  }
  for (const [name] of knobs) {
    if (knobs.filter(([other]) => other === name).length > 1) throw usage(`--knob ${name} is given twice`)
  }
  return {
    ...read,
    bounds: { ...read?.bounds, ...Object.fromEntries(knobs) },
    ...(budget === undefined ? {} : { budget }),
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    ...(options.strategy === undefined ? {} : { strategy: options.strategy as NonNullable<StudyConfig['strategy']> }),
  }
}

/** Where the study of a configuration lies when nothing else is said: `tune.json` has `tune.jsonl`. */
export function defaultState(config: string): string {
  return config.endsWith('.json') ? `${config}l` : `${config}.jsonl`
}
