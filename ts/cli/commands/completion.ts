import process from 'node:process'
import { define } from '../command.js'
import { bashCompletion } from '../completion/bash.js'
import { fishCompletion } from '../completion/fish.js'
import { treeOf } from '../completion/tree.js'
import { zshCompletion } from '../completion/zsh.js'
import type { Register } from '../program.js'

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion }

export const completion: Register = (program) => {
  const command = define(program, {
    name: 'completion',
    group: 'More:',
    summary: 'print the completion script of a shell',
    examples: [
      'source <(homeostat completion bash)                 # in ~/.bashrc',
      'source <(homeostat completion zsh)                  # in ~/.zshrc, after compinit',
      'homeostat completion fish | source                  # in ~/.config/fish/config.fish',
    ],
  })
  command
    .addArgument(command.createArgument('<shell>', 'which shell').choices(Object.keys(SHELLS)))
    .action((shell: keyof typeof SHELLS) => {
      process.stdout.write(SHELLS[shell](treeOf(program)))
    })
}
