/**
 * `homeostat`: the command line. Returns the exit status; see exit.ts.
 */
import process from 'node:process'
import { type Command, CommanderError } from 'commander'
import { EXIT, exitOf, usage } from './exit.js'
import { makeProgram } from './program.js'
import { errorText } from './ui/out.js'
import { style } from './ui/terminal.js'

export async function main(argv: readonly string[]): Promise<number> {
  process.stdout.on('error', onOutputError)
  const given = argv.slice(2, argv.indexOf('--') < 0 ? undefined : argv.indexOf('--'))
  let status: number = EXIT.ok
  const program = makeProgram((code) => {
    status = code
  })
  try {
    await program.parseAsync([...argv])
    return status
  } catch (error) {
    if (error instanceof CommanderError && !error.message.startsWith('error: '))
      return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    const said = error instanceof CommanderError ? misuse(error, program, given) : error
    const paint = style(process.stderr, !given.includes('--no-color'))
    process.stderr.write(`${errorText(said, given.includes('--json'), paint)}\n`)
    return exitOf(said)
  }
}

/** Whoever reads the output may stop, as `head` does. A full disk is another matter. */
function onOutputError(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(EXIT.ok)
  process.stderr.write(`error standard output cannot be written: ${error.message}\n`)
  process.exit(EXIT.failure)
}

/** What the parser of arguments found wrong, with where to read about it. */
function misuse(error: CommanderError, program: Command, given: readonly string[]): Error {
  const words = ['homeostat']
  let command: Command | undefined = program
  for (const word of given) {
    command = command.commands.find((sub) => sub.name() === word)
    if (command === undefined) break
    words.push(word)
  }
  return usage(`${error.message.slice('error: '.length).trim().replaceAll('\n', ' ')} (see ${words.join(' ')} --help)`)
}
