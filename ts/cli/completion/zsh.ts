/** Completion for zsh, by its own `_arguments`. */
import type { CompletedCommand, CompletedOption } from './tree.js'

export function zshCompletion(tree: readonly CompletedCommand[]): string {
  const functions = tree.map((command) => functionOf(command)).join('\n')
  return `#compdef homeostat
# homeostat: completion for zsh. To use it:  source <(homeostat completion zsh)
# or put it as _homeostat into a folder of $fpath.
${functions}
if [ "$funcstack[1]" = "_homeostat" ]; then
  _homeostat "$@"
else
  compdef _homeostat homeostat
fi
`
}

const nameOf = (path: string): string => ['_homeostat', ...path.split(' ').filter((word) => word !== '')].join('_')

function functionOf(command: CompletedCommand): string {
  const options = command.options.map(optionSpec)
  if (command.commands.length === 0) {
    const argument =
      command.argument === 'none'
        ? []
        : [`'*:${command.argument === 'file' ? 'file:_files' : `word:(${command.argument.join(' ')})`}'`]
    return `${nameOf(command.path)}() {
  _arguments -s ${[...options, ...argument].join(' \\\n    ')}
}`
  }
  const names = command.commands.map(({ name, description }) => `    '${name}:${escaped(description)}'`).join('\n')
  const calls = command.commands
    .filter(({ name }) => name !== 'help')
    .map(({ name }) => `        ${name}) ${nameOf(`${command.path} ${name}`.trim())} ;;`)
    .join('\n')
  return `${nameOf(command.path)}() {
  local line state
  local -a commands
  commands=(
${names}
  )
  _arguments -C ${[...options, "'1: :->command'", "'*:: :->argument'"].join(' \\\n    ')}
  case $state in
    command) _describe command commands ;;
    argument)
      case $line[1] in
${calls}
      esac ;;
  esac
}`
}

function optionSpec({ flags, description, value }: CompletedOption): string {
  const action =
    value === 'none'
      ? ''
      : value === 'file'
        ? ':file:_files'
        : value === 'any'
          ? ':value:'
          : `:value:(${value.join(' ')})`
  const names = flags.length > 1 ? `'(${flags.join(' ')})'{${flags.join(',')}}` : `${flags[0]}`
  return `${names}'[${escaped(description)}]${action}'`
}

const escaped = (text: string): string => text.replaceAll("'", "'\\''").replace(/[[\]:]/g, '\\$&')
