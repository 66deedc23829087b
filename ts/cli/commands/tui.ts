import { define, outOf, whole } from '../command.js'
import { failure } from '../exit.js'
import { Interrupt } from '../interrupt.js'
import type { Register } from '../program.js'
import { openTarget } from '../tui/target.js'
import { tui as show } from '../tui/tui.js'
import type { Common } from '../ui/out.js'

interface Options extends Common {
  readonly name?: string
  readonly tuner?: string
  readonly once?: boolean
  readonly control?: string
  readonly tokenFile?: string
  readonly points: number
}

const TARGET = 'http://127.0.0.1:9464/'

export const tui: Register = (program) => {
  const command = define(program, {
    name: 'tui',
    group: 'Live tuners:',
    summary: 'the dashboard at a glance, in a terminal',
    about:
      'Shows a server (homeostat serve, or homeostat/server in an application), or journals in a folder, a file or a store. Without a terminal, or with --once, it prints one picture and ends.\n\nA server with tokens gets HOMEOSTAT_TOKEN or --token-file. Keys: ? lists them.',
    examples: [
      'homeostat tui',
      'homeostat tui https://ops.example.com/homeostat --token-file ./token',
      'homeostat tui ./journal --control ./control',
      'homeostat tui sqlite:state/homeostat.db --once',
    ],
  })
  command
    .argument('[target]', `URL of a server, a journal's file or folder, or the URL of a store (default ${TARGET})`)
    .option('--tuner <name>', 'the tuner to begin with, where there are several')
    .option('--once', 'print one picture and end')
    .option('--name <tuner>', 'of a folder or a store: this journal alone')
    .option('--control <file>', 'of journals: the control file that the other process watches')
    .option('--token-file <file>', 'a file with the token alone')
    .option('--points <n>', 'of journals: windows of history that are kept', whole(4096, 4_194_304), 65_536)
    .action(async (target: string | undefined, options: Options) => {
      const out = outOf(options)
      const interrupt = new Interrupt()
      try {
        const opened = await openTarget({
          target: target ?? TARGET,
          name: options.name,
          control: options.control,
          tokenFile: options.tokenFile,
          points: options.points,
        })
        try {
          await show(opened, { tuner: options.tuner, once: options.once === true }, out, interrupt.signal)
        } finally {
          await opened.close()
        }
      } catch (error) {
        if (error instanceof Error && 'code' in error) throw error
        throw failure('HOMEOSTAT_INTERNAL', String(error), error)
      } finally {
        interrupt.close()
      }
    })
}
