/** Completion for fish. */
import type { CompletedCommand, CompletedOption } from './tree.js'

export function fishCompletion(tree: readonly CompletedCommand[]): string {
  const groups = tree.filter(({ path, commands }) => path !== '' && commands.length > 0).map(({ path }) => path)
  return `# homeostat: completion for fish. To use it:  homeostat completion fish | source
# or write it to ~/.config/fish/completions/homeostat.fish
function __homeostat_path
  set -l groups ${groups.join(' ')}
  set -l found
  for word in (commandline -opc)[2..-1]
    test "$word" = "--"; and return
    string match -q -- '-*' $word; and continue
    set -a found $word
    contains -- $found[1] $groups; or break
    test (count $found) -ge 2; and break
  end
  string join ' ' -- $found
end
function __homeostat_at
  set -l path (__homeostat_path)
  test "$path" = "$argv"
end
complete -c homeostat -f
${tree.map(linesOf).join('\n')}
`
}

function linesOf(command: CompletedCommand): string {
  const condition = `-n '__homeostat_at ${command.path === '' ? '""' : command.path}'`
  const start = `complete -c homeostat ${condition}`
  const lines = [
    ...command.commands.map(({ name, description }) => `${start} -a ${name} -d ${quoted(description)}`),
    ...command.options.map((option) => `${start} ${optionWords(option)}`),
  ]
  if (command.argument === 'file') lines.push(`${start} -F`)
  else if (command.argument !== 'none') lines.push(`${start} -a ${quoted(command.argument.join(' '))}`)
  return lines.join('\n')
}

function optionWords({ flags, description, value }: CompletedOption): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`))
  const takes =
    value === 'none'
      ? []
      : value === 'file'
        ? ['-r', '-F']
        : value === 'any'
          ? ['-x']
          : ['-x', `-a ${quoted(value.join(' '))}`]
  return [...names, ...takes, `-d ${quoted(description)}`].join(' ')
}

const quoted = (text: string): string => `'${text.replace(/'/g, "\\'")}'`
