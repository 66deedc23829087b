/**
 * The tree of commands as completion needs it, read from the program itself, so that it cannot fall behind.
 */
import type { Command } from 'commander'

export interface CompletedOption {
  /** `--config`, and `-c` where there is one. */
  readonly flags: readonly string[]
  readonly description: string
  /** `none`: a switch. `file`: a path. `any`: something that only a person knows. */
  readonly value: 'none' | 'file' | 'any' | readonly string[]
}

export interface CompletedCommand {
  /** `journal verify` for a command of a command; empty for the program. */
  readonly path: string
  readonly description: string
  readonly options: readonly CompletedOption[]
  readonly commands: readonly { readonly name: string; readonly description: string }[]
  /** What its arguments are. */
  readonly argument: 'none' | 'file' | readonly string[]
}

const FILE = /<(file|path)>/

export function treeOf(program: Command): CompletedCommand[] {
  const found: CompletedCommand[] = []
  const visit = (command: Command, path: string): void => {
    const help = command.createHelp()
    const commands = help.visibleCommands(command)
    found.push({
      path,
      description: sentence(command.summary() || command.description()),
      options: help.visibleOptions(command).map((option) => ({
        flags: [option.long, option.short].filter((flag) => typeof flag === 'string'),
        description: sentence(option.description),
        value:
          !option.required && !option.optional
            ? 'none'
            : (option.argChoices ?? (FILE.test(option.flags) ? 'file' : 'any')),
      })),
      commands: commands.map((sub) => ({
        name: sub.name(),
        description: sentence(sub.summary() || sub.description()),
      })),
      argument: argumentOf(command),
    })
    for (const sub of commands)
      if (sub.name() !== 'help') visit(sub, path === '' ? sub.name() : `${path} ${sub.name()}`)
  }
  visit(program, '')
  return found
}

function argumentOf(command: Command): CompletedCommand['argument'] {
  const [first] = command.registeredArguments
  if (first === undefined) return 'none'
  return first.argChoices ?? 'file'
}

/** One line without what a shell would read. */
const sentence = (text: string): string => (text.split('\n', 1)[0] as string).replace(/[`$"\\]/g, '')
