import { writeFileSync } from 'node:fs'
import { OptionError } from '../options.js'
import { type Half, runHalf } from './half.js'
import { CASCADE_HELP, type CascadeOptions, parseCascadeOptions } from './options.js'
import { comparison, kept, logLine, PROMISE, reasonsLine, secondLine, TIMELINE_HEAD, witnessText } from './print.js'
import { BOUNDS, LOAD } from './topology.js'

/** What a signal ends with, as shells count it. */
const STATUS = { SIGINT: 130, SIGTERM: 143 } as const
const KEPT_UP_MS = 15 * 60_000

class Interrupted extends Error {
  readonly signal: keyof typeof STATUS
  constructor(signal: keyof typeof STATUS) {
    super(`interrupted by ${signal}`)
    this.signal = signal
  }
}

/** The main process: both halves, then what they say. @returns the exit status */
export async function cascade(entry: URL, args: readonly string[]): Promise<number> {
  let options: CascadeOptions | undefined
  try {
    options = parseCascadeOptions(args)
  } catch (error) {
    if (!(error instanceof OptionError)) throw error
    process.stderr.write(`${error.message}\n`)
    return 2
  }
  if (!options) {
    process.stdout.write(CASCADE_HELP)
    return 0
  }
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort(new Interrupted(signal)))
  try {
    return (await show(entry, options, stop.signal)) ? 0 : 1
  } catch (error) {
    if (error instanceof Interrupted) {
      process.stdout.write('\nStopped; no process is left behind.\n')
      return STATUS[error.signal]
    }
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  }
}

async function show(entry: URL, options: CascadeOptions, signal: AbortSignal): Promise<boolean> {
  const { seconds, seed, json } = options
  const say = (line: string): void => void process.stdout.write(`${line}\n`)
  say(
    `Four processes, ${LOAD.requestsPerSecond} requests per second for ${seconds} s, seed ${seed}; 70 % of the requests do not need the database.\n` +
      `Pools of ${BOUNDS.gatewayConnections} connections to each neighbour and ${BOUNDS.databaseConnections} to the database, ` +
      `queues of ${BOUNDS.queueMax}, time-outs of ${BOUNDS.timeoutMs / 1000} s.`,
  )
  let healthPort = 0
  const half = (guarded: boolean, keepUp?: (half: Half) => Promise<void>): Promise<Half> => {
    say(`\n${guarded ? 'With' : 'Without'} protection\n${TIMELINE_HEAD}`)
    return runHalf(
      {
        entry,
        guarded,
        seconds,
        seed,
        signal,
        onOpen: (port) => {
          healthPort = port
        },
        onSecond: (second, share) => say(secondLine(second, share)),
        onLog: (line) => say(logLine(line)),
      },
      keepUp,
    )
  }
  const bare = await half(false)
  say(reasonsLine(bare.report))
  let good = false
  await half(true, async (guarded) => {
    say(
      `${reasonsLine(guarded.report)}\n\nBoth\n${comparison(bare.report, guarded.report)}\n\nThe witness\n${witnessText(guarded)}`,
    )
    good = kept(bare.report, guarded.report)
    const { guardedAtLeast, bareBelow } = PROMISE
    say(
      `\n${good ? 'As promised' : 'NOT as promised'}: of the requests that do not need the database, at least ${guardedAtLeast * 100} % served with protection, under ${bareBelow * 100} % without.`,
    )
    if (json) {
      writeFileSync(json, `${JSON.stringify({ seconds, seed, kept: good, without: bare, with: guarded }, null, 2)}\n`)
      say(`Result: ${json}`)
    }
    if (options.exit || !process.stdout.isTTY) return
    say(`Health: http://127.0.0.1:${healthPort}/health (Ctrl-C ends it)`)
    await until(signal, KEPT_UP_MS)
  })
  return good
}

/** Waits for so long, or until a signal ends it, which is a good end here. */
function until(signal: AbortSignal, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    const end = (): void => {
      clearTimeout(timer)
      resolve()
    }
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  })
}
