import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compare } from './compare.js'
import { HELP, OptionError, type Options, parseOptions } from './options.js'
import { serveOne } from './serve.js'
import { ensureTemplate, templatePath } from './service/template.js'

/** Kept between runs; the working folder is the repository's. */
const CACHE = join('.cache', 'demo')

/** What a signal ends with, as shells count it. */
const STATUS = { SIGINT: 130, SIGTERM: 143 } as const

class Interrupted extends Error {
  readonly signal: keyof typeof STATUS
  constructor(signal: keyof typeof STATUS) {
    super(`interrupted by ${signal}`)
    this.signal = signal
  }
}

/** The main process: options, the catalogue's template, then one of the two jobs. @returns the exit status */
export async function app(entry: URL, args: readonly string[]): Promise<number> {
  let options: Options | undefined
  try {
    options = parseOptions(args)
  } catch (error) {
    if (!(error instanceof OptionError)) throw error
    process.stderr.write(`${error.message}\n`)
    return 2
  }
  if (!options) {
    process.stdout.write(HELP)
    return 0
  }
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort(new Interrupted(signal)))
  try {
    const template = templatePath(CACHE)
    process.stdout.write('Starting: the catalogue of 20,000 rows …\n')
    const created = await ensureTemplate(entry, template)
    if (created) process.stdout.write('The catalogue was created; later runs load it.\n')
    const context = { entry, template, folder: join(CACHE, 'journal'), signal: stop.signal, out: process.stdout }
    if (options.variant) await serveOne(options, options.variant, context)
    else {
      const report = await compare(options, context, (finished) => {
        if (options.report) writeFileSync(options.report, `${JSON.stringify(finished, null, 2)}\n`)
      })
      if (options.report) process.stdout.write(` Report: ${options.report}\n`)
      await report.linger()
    }
    return 0
  } catch (error) {
    if (error instanceof Interrupted) {
      process.stdout.write('\nStopped; no process is left behind.\n')
      return STATUS[error.signal]
    }
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  }
}
