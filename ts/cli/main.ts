/**
 * `homeostat`: the command line. Returns the exit status; see exit.ts.
 */
import process from 'node:process'
import { CommanderError } from 'commander'
import { EXIT, exitOf } from './exit.js'
import { makeProgram } from './program.js'
import { errorText } from './ui/out.js'
import { style } from './ui/terminal.js'

export async function main(argv: readonly string[]): Promise<number> {
  // Whoever reads the output may stop, as `head` does.
  process.stdout.on('error', (error: NodeJS.ErrnoException) =>
    process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failure),
  )
  const given = argv.slice(2, argv.indexOf('--') < 0 ? undefined : argv.indexOf('--'))
  let status: number = EXIT.ok
  const program = makeProgram((code) => {
    status = code
  })
  try {
    await program.parseAsync([...argv])
    return status
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    const paint = style(process.stderr, !given.includes('--no-color'))
    process.stderr.write(`${errorText(error, given.includes('--json'), paint)}\n`)
    return exitOf(error)
  }
}
