import { parseArgs } from 'node:util'
import type { Variant } from './messages.js'

export interface Options {
  readonly seconds: number
  readonly seed: number
  readonly port: number
  /** Serve one instance only, for a load that comes from elsewhere. */
  readonly variant: Variant | undefined
  readonly exit: boolean
  readonly report: string | undefined
  /** The tuned instance takes the place (started first, sent to first) that the static one has otherwise. */
  readonly swap: boolean
  /** Both instances keep the static settings: what differs then is noise. */
  readonly staticVsStatic: boolean
}

/** A value that cannot be used: the message names the option, what it takes and what it got. */
export class OptionError extends Error {
  readonly code = 'HOMEOSTAT_INVALID_OPTION'
}

export const HELP = `
Usage: npm start -- [options]

One seeded traffic, sent to two identical instances of a catalogue service at
once: one keeps its static settings, one runs under Homeostat.

  --seconds <n>        length of the run, 5 to 3600             (default 60)
  --seed <n>           seed of the traffic, 0 to 4294967295     (default 1)
  --port <n>           port of the dashboard, 0 to 65535; with --variant the
                       port of the service; 0: any free         (default 0)
  --variant <name>     static or tuned: serve this instance alone, for a load
                       that comes from elsewhere (GET /item/1 to 20000); its
                       rows change as in the traffic for --seconds
  --exit               end after the run with status 0, instead of keeping the
                       page up until Ctrl-C (15 minutes at most)
  --report <file>      write the result as JSON
  --swap               swap the places of the two instances
  --static-vs-static   both instances static: shows what is noise
  --help               this text
`

/** @returns the options, or `undefined` where help is wanted. Throws {@link OptionError}. */
export function parseOptions(args: readonly string[]): Options | undefined {
  const { values } = parse(args)
  if (values.help) return undefined
  const { variant } = values
  if (variant !== undefined && variant !== 'static' && variant !== 'tuned') {
    throw new OptionError(`--variant must be static or tuned, received "${variant}"`)
  }
  if (values.report === '') throw new OptionError('--report must name a file, received ""')
  if (variant !== undefined) {
    for (const name of ['report', 'swap', 'static-vs-static'] as const) {
      if (values[name])
        throw new OptionError(`--${name} compares two instances and cannot go with --variant ${variant}`)
    }
  }
  return {
    seconds: integer('seconds', values.seconds, 60, 5, 3600),
    seed: integer('seed', values.seed, 1, 0, 4294967295),
    port: integer('port', values.port, 0, 0, 65535),
    variant,
    exit: values.exit ?? false,
    report: values.report,
    swap: values.swap ?? false,
    staticVsStatic: values['static-vs-static'] ?? false,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: false,
      options: {
        seconds: { type: 'string' },
        seed: { type: 'string' },
        port: { type: 'string' },
        variant: { type: 'string' },
        exit: { type: 'boolean' },
        report: { type: 'string' },
        swap: { type: 'boolean' },
        'static-vs-static': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    throw new OptionError(`${error instanceof Error ? error.message : String(error)} (--help lists the options)`)
  }
}

export function integer(name: string, text: string | undefined, otherwise: number, min: number, max: number): number {
  if (text === undefined) return otherwise
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new OptionError(`--${name} must be a whole number from ${min} to ${max}, received "${text}"`)
  }
  return value
}
