import { OptionError } from './options.js'

/** What a signal ends with, as shells count it. */
const STATUS = { SIGINT: 130, SIGTERM: 143 } as const

/** How long a page stays after a run, unless Ctrl-C comes first. */
const KEPT_UP_MS = 15 * 60_000

class Interrupted extends Error {
  readonly signal: keyof typeof STATUS
  constructor(signal: keyof typeof STATUS) {
    super(`interrupted by ${signal}`)
    this.signal = signal
  }
}

export interface Command<O> {
  /** Undefined asks for the help. Throws an OptionError on what cannot be meant. */
  readonly parse: (args: readonly string[]) => O | undefined
  readonly help: string
  /** The job itself; `signal` aborts on Ctrl-C. @returns the exit status */
  readonly run: (options: O, signal: AbortSignal) => Promise<number>
}

/** What every demonstration's main process does around its job. @returns the exit status */
export async function runCommand<O>({ parse, help, run }: Command<O>, args: readonly string[]): Promise<number> {
  let options: O | undefined
  try {
    options = parse(args)
  } catch (error) {
    if (!(error instanceof OptionError)) throw error
    process.stderr.write(`${error.message}\n`)
    return 2
  }
  if (!options) {
    process.stdout.write(help)
    return 0
  }
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort(new Interrupted(signal)))
  try {
    return await run(options, stop.signal)
  } catch (error) {
    if (error instanceof Interrupted) {
      process.stdout.write('\nStopped; no process is left behind.\n')
      return STATUS[error.signal]
    }
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  }
}

/** Waits while a page stays up; a signal ends it, which is a good end here. */
export function keptUp(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      resolve()
    }
    const timer = setTimeout(end, KEPT_UP_MS)
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  })
}
