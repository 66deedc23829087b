import { parseArgs } from 'node:util'
import { integer, OptionError } from '../options.js'

export interface CascadeOptions {
  /** Length of each half. */
  readonly seconds: number
  readonly seed: number
  readonly json: string | undefined
  readonly exit: boolean
}

export const CASCADE_HELP = `
Usage: npm run demo:cascade -- [options]

Four processes (gateway, auth, catalogue, database proxy) serve one seeded
traffic twice, without protection and with it. Each time the database proxy
hangs for a while: what else still works?

  --seconds <n>   length of each half, 15 to 600                 (default 20)
  --seed <n>      seed of the traffic, 0 to 4294967295           (default 1)
  --json <file>   write the result as JSON
  --exit          on a terminal: end after the run, instead of keeping the
                  health page up until Ctrl-C (15 minutes at most)
  --help          this text

Status: 0 where with protection at least 95 % of the requests that do not need
the broken part were served and without it under 50 %, 1 where not, 2 for
options that cannot be meant.
`

/** @returns the options, or `undefined` where help is wanted. Throws {@link OptionError}. */
export function parseCascadeOptions(args: readonly string[]): CascadeOptions | undefined {
  const { values } = parse(args)
  if (values.help) return undefined
  if (values.json === '') throw new OptionError('--json must name a file, received ""')
  return {
    seconds: integer('seconds', values.seconds, 20, 15, 600),
    seed: integer('seed', values.seed, 1, 0, 4294967295),
    json: values.json,
    exit: values.exit ?? false,
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
        json: { type: 'string' },
        exit: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    throw new OptionError(`${error instanceof Error ? error.message : String(error)} (--help lists the options)`)
  }
}
