import { collect, define, list, outOf, whole } from '../command.js'
import { failure } from '../exit.js'
import { Interrupt } from '../interrupt.js'
import type { Register } from '../program.js'
import { serveJournals } from '../serve/serve.js'
import type { Common } from '../ui/out.js'

interface Options extends Common {
  readonly name?: string
  readonly port: number
  readonly host: string
  readonly control?: string
  readonly tokenFile?: string
  readonly allowHost?: readonly string[][]
  readonly operations?: string
  readonly points: number
}

export const serve: Register = (program) => {
  serving(program, 'serve', 'serve what live tuners recorded, and follow it: a page, REST, events, metrics')
  serving(program, 'dashboard', 'the dashboard of what live tuners recorded: serve by its other name')
}

function serving(program: Parameters<Register>[0], name: 'serve' | 'dashboard', summary: string): void {
  const command = define(program, {
    name,
    group: 'Live tuners:',
    summary,
    about:
      'Serves journals on loopback and follows them as they grow, and new ones as they come; where there is none yet it waits. Commands other than the kill switch need the process that holds the tuner: there, use homeostat/server.\n\nAnything but loopback needs tokens: HOMEOSTAT_TOKENS or --token-file, lines of `name role token [expires]`, role read or operate.',
    examples: [
      `homeostat ${name} ./journal`,
      `homeostat ${name} sqlite:state/homeostat.db`,
      `homeostat ${name} ./journal --control ./control --operations ./operations`,
      `homeostat ${name} ./journal --host 0.0.0.0 --token-file ./tokens --allow-host ops.example.com`,
    ],
  })
  command
    .argument('<path>', 'journal file, the folder that holds the segments, or the URL of a store')
    .option('--name <tuner>', 'the tuner, or the log of a store, where there are several')
    .option('-p, --port <n>', 'port to listen at; 0 chooses a free one', whole(0, 65_535), 9464)
    .option('--host <address>', 'address to listen at; anything but loopback needs tokens', '127.0.0.1')
    .option('--control <file>', 'control file that the other process watches: lets operators say off, freeze, on')
    .option('--token-file <file>', 'tokens: lines of `name role token [expires]`; changes are taken')
    .option('--allow-host <names>', 'host names that are served besides loopback and addresses', collect(list))
    .option('--operations <folder>', 'folder for the journal of who asked for what; memory without it')
    .option('--points <n>', 'windows of history that are kept in memory', whole(4096, 4_194_304), 262_144)
    .action(async (path: string, options: Options) => {
      const out = outOf(options)
      const interrupt = new Interrupt()
      try {
        const served = await serveJournals({
          source: path,
          name: options.name,
          port: options.port,
          host: options.host,
          control: options.control,
          tokenFile: options.tokenFile,
          hosts: options.allowHost?.flat() ?? [],
          operations: options.operations,
          points: options.points,
        })
        if (out.json) out.object({ url: served.url, port: served.port, tuners: served.tuners })
        else {
          const what = served.tuners.join(', ') || 'what is still to come'
          out.line(`${out.style.bold(served.url)} ${name === 'serve' ? 'serves' : 'is the dashboard of'} ${what}`)
        }
        await ended(interrupt.signal)
        await served.close()
      } catch (error) {
        if (error instanceof Error && 'code' in error) throw error
        throw failure('HOMEOSTAT_FILE', String(error), error)
      } finally {
        interrupt.close()
      }
    })
}

/** Being asked to end is how a server ends well. A timer keeps the process alive until then. */
function ended(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
