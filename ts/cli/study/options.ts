/**
 * Options by which a study is found or made.
 */
import type { Command, Option } from 'commander'
import type { StudyBound, StudyConfig } from '../../binding.js'
import { collect, time, whole } from '../command.js'
import { usage } from '../exit.js'
import { parseBound } from './bound.js'
import { readConfig } from './config.js'

const STRATEGIES = ['auto', 'nelder-mead', 'tpe', 'spsa', 'random', 'sobol'] as const
export const BUDGET_MAX = 1_000_000

export interface WaitOption {
  readonly wait: number
}

export interface MakeOptions extends WaitOption {
  readonly config?: string
  readonly knob?: readonly (readonly [string, StudyBound])[]
  readonly budget?: number
  readonly seed?: number
  readonly strategy?: string
}

/** How long a study that another process holds is waited for. */
export function waitOption(command: Command): Command {
  return command.addOption(
    command
      .createOption('--wait <duration>', 'longest wait for other processes that change the study')
      .argParser(time)
      .default(10_000, '10s'),
  )
}

/** Where the configuration of a new study comes from. */
export function makeOptions(command: Command): Command {
  const add = (option: Option): Command => command.addOption(option.helpGroup('New studies:'))
  add(
    command.createOption(
      '-c, --config <file>',
      'configuration (JSON) that makes the study, or has to agree with it; - reads standard input',
    ),
  )
  const knob = 'a knob in place of a configuration, or over it, such as lr=1e-5..1:log (see homeostat help run)'
  add(command.createOption('-k, --knob <name=spec>', knob).argParser(collect(parseBound)))
  add(command.createOption('--seed <n>', 'seed').argParser(whole(0, 2 ** 32 - 1)))
  return waitOption(add(command.createOption('--strategy <name>', 'how points are found').choices(STRATEGIES)))
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
