/** Completion for bash 3.2 and later, as macOS has it. */
import type { CompletedCommand, CompletedOption } from './tree.js'

export function bashCompletion(tree: readonly CompletedCommand[]): string {
  return `# homeostat: completion for bash. To use it:  source <(homeostat completion bash)
_homeostat() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="" path="" word i
  COMPREPLY=()
  [ "$COMP_CWORD" -gt 0 ] && prev="\${COMP_WORDS[COMP_CWORD-1]}"
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    # What follows -- is another program's.
    if [ "$word" = "--" ]; then
      COMPREPLY=($(compgen -f -- "$cur"))
      return
    fi
    case "$path $word" in
${tree
  .filter(({ path }) => path !== '')
  .map(({ path }) => `      "${parent(path)} ${last(path)}") path="${path}" ;;`)
  .join('\n')}
    esac
  done
  case "$path:$prev" in
${tree.flatMap((command) => command.options.flatMap((option) => valueCase(command, option))).join('\n')}
  esac
  case "$path" in
${tree.map(wordCase).join('\n')}
  esac
}
complete -o filenames -o bashdefault -F _homeostat homeostat
`
}

const parent = (path: string): string => path.split(' ').slice(0, -1).join(' ')
const last = (path: string): string => path.split(' ').at(-1) as string

function valueCase({ path }: CompletedCommand, { flags, value }: CompletedOption): string[] {
  if (value === 'none') return []
  const cases = flags.map((flag) => `"${path}:${flag}"`).join('|')
  const reply =
    value === 'file' ? '$(compgen -f -- "$cur")' : value === 'any' ? '' : `$(compgen -W "${value.join(' ')}" -- "$cur")`
  return [`    ${cases}) COMPREPLY=(${reply}); return ;;`]
}

function wordCase({ path, options, commands, argument }: CompletedCommand): string {
  const flags = options.flatMap((option) => option.flags).join(' ')
  const names = commands.map(({ name }) => name).join(' ')
  const words = typeof argument === 'object' ? argument.join(' ') : names
  const rest =
    argument === 'file' ? 'COMPREPLY=($(compgen -f -- "$cur"))' : `COMPREPLY=($(compgen -W "${words}" -- "$cur"))`
  return `    "${path}")
      case "$cur" in
        -*) COMPREPLY=($(compgen -W "${flags}" -- "$cur")) ;;
        *) ${rest} ;;
      esac ;;`
}
