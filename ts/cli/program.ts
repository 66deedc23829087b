/**
 * The tree of commands.
 */
import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { ask } from './commands/ask.js'
import { best } from './commands/best.js'
import { completion } from './commands/completion.js'
import { exportTrials } from './commands/export.js'
import { forge } from './commands/forge.js'
import { importTrials } from './commands/import.js'
import { interactive } from './commands/interactive.js'
import { journal } from './commands/journal.js'
import { plot } from './commands/plot.js'
import { replay } from './commands/replay.js'
import { run } from './commands/run.js'
import { serve } from './commands/serve.js'
import { status } from './commands/status.js'
import { tell } from './commands/tell.js'
import { tui } from './commands/tui.js'
import { validate } from './commands/validate.js'

/** Takes the exit status of a command that ends otherwise than well without an error to print. */
export type End = (status: number) => void
export type Register = (program: Command, end: End) => void

const COMMANDS: readonly Register[] = [
  run,
  ask,
  tell,
  best,
  status,
  interactive,
  validate,
  exportTrials,
  importTrials,
  plot,
  journal,
  replay,
  serve,
  tui,
  forge,
  completion,
]

const COMMON = [
  ['--json', 'print JSON'],
  ['-q, --quiet', 'print results and errors only'],
  ['--no-color', 'print without colour (so does NO_COLOR)'],
] as const

const HELP = `
A study is one file. A first run, a look at it, and going on with it:
  homeostat run --knob lr=1e-5..1:log --knob depth=1..12:integer \\
    --state tune.jsonl --budget 50 -- ./train.sh
  homeostat status tune.jsonl
  homeostat run --state tune.jsonl --budget 100 -- ./train.sh

Exit status: 0 done, 1 failed, 2 wrong usage or configuration, 3 locked by
another process, 4 study or journal unreadable, 5 budget used up or nothing left
to try, 6 no evaluation succeeded, 130 interrupted.
All about it: docs/cli.md at https://github.com/homeostat/homeostat`

export function makeProgram(end: End): Command {
  const program = new Command('homeostat')
    .description('Finds good values for your knobs in few evaluations, and reads what live tuners recorded.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .addHelpText('after', HELP)
    .configureHelp({
      // The list of commands is for finding one; its own help has the rest.
      subcommandTerm: (command) => command.name(),
      subcommandDescription: (command) => command.summary() || command.description(),
    })
    .addHelpCommand(new Command('help').argument('[command]').summary('print the help of a command').helpGroup('More:'))
    // Errors are said in one place and one form: see main.ts.
    .configureOutput({ outputError: () => {} })
    .exitOverride()
  // Set before the commands are made: they take these over.
  for (const register of COMMANDS) register(program, end)
  common(program)
  return program
}

/** The options that every command has, after its own. */
function common(group: Command): void {
  for (const command of group.commands) {
    if (command.commands.length > 0) common(command)
    else for (const [flags, text] of COMMON) command.addOption(command.createOption(flags, text).helpGroup('Output:'))
  }
}

export function packageVersion(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}
