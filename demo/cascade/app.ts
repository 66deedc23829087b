import { writeFileSync } from 'node:fs'
import { keptUp, runCommand } from '../command.js'
import { type Half, runHalf } from './half.js'
import { CASCADE_HELP, type CascadeOptions, parseCascadeOptions } from './options.js'
import {
  busyLine,
  comparison,
  kept,
  logLine,
  PROMISE,
  reasonsLine,
  secondLine,
  TIMELINE_HEAD,
  witnessText,
} from './print.js'
import { BOUNDS, LOAD } from './topology.js'

/** The main process: both halves, then what they say. @returns the exit status */
export function cascade(entry: URL, args: readonly string[]): Promise<number> {
  const run = async (options: CascadeOptions, signal: AbortSignal): Promise<number> =>
    (await show(entry, options, signal)) ? 0 : 1
  return runCommand({ parse: parseCascadeOptions, help: CASCADE_HELP, run }, args)
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
    const busy = busyLine(bare.report, guarded.report)
    if (busy) say(busy)
    if (json) {
      writeFileSync(json, `${JSON.stringify({ seconds, seed, kept: good, without: bare, with: guarded }, null, 2)}\n`)
      say(`Result: ${json}`)
    }
    if (options.exit || !process.stdout.isTTY) return
    say(`Health: http://127.0.0.1:${healthPort}/health (Ctrl-C ends it)`)
    await keptUp(signal)
  })
  return good
}
