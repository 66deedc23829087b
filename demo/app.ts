import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand } from './command.js'
import { compare } from './compare.js'
import { HELP, type Options, parseOptions } from './options.js'
import { serveOne } from './serve.js'
import { ensureTemplate, templatePath } from './service/template.js'

/** Kept between runs; the working folder is the repository's. */
const CACHE = join('.cache', 'demo')

/** The main process: options, the catalogue's template, then one of the two jobs. @returns the exit status */
export function app(entry: URL, args: readonly string[]): Promise<number> {
  return runCommand({ parse: parseOptions, help: HELP, run: (options, signal) => run(entry, options, signal) }, args)
}

async function run(entry: URL, options: Options, signal: AbortSignal): Promise<number> {
  const template = templatePath(CACHE)
  process.stdout.write('Starting: the catalogue of 20,000 rows …\n')
  const created = await ensureTemplate(entry, template)
  if (created) process.stdout.write('The catalogue was created; later runs load it.\n')
  const context = { entry, template, folder: join(CACHE, 'journal'), signal, out: process.stdout }
  if (options.variant) await serveOne(options, options.variant, context)
  else {
    const report = await compare(options, context, (finished) => {
      if (options.report) writeFileSync(options.report, `${JSON.stringify(finished, null, 2)}\n`)
    })
    if (options.report) process.stdout.write(` Report: ${options.report}\n`)
    await report.linger()
  }
  return 0
}
