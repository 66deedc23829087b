/**
 * The command that goes on with an interrupted run: the same again.
 */
import { quote } from '../study/shell.js'

export function resumeText(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): string {
  const called = env.npm_command === 'exec' ? 'npx homeostat' : 'homeostat'
  return [called, ...argv.slice(2).map(quote)].join(' ')
}
