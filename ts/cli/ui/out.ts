/**
 * Where a command says things: results on standard output, everything else on standard error.
 */
import process from 'node:process'
import { isHomeostatError } from '../../errors.js'
import { clean, columns, isLive, type Style, style } from './terminal.js'

export interface Common {
  readonly json?: boolean
  readonly quiet?: boolean
  readonly color: boolean
}

export class Out {
  readonly json: boolean
  readonly quiet: boolean
  /** For standard output. */
  readonly style: Style
  /** For standard error. */
  readonly noteStyle: Style
  /** A person watches standard error: progress may be drawn there. */
  readonly live: boolean

  constructor(common: Common) {
    this.json = common.json === true
    this.quiet = common.quiet === true
    this.style = style(process.stdout, common.color)
    this.noteStyle = style(process.stderr, common.color)
    this.live = isLive(process.stderr) && !this.json && !this.quiet
  }

  get columns(): number {
    return columns(process.stdout)
  }

  get noteColumns(): number {
    return columns(process.stderr)
  }

  /** A line of the result. */
  line(text = ''): void {
    process.stdout.write(`${text}\n`)
  }

  lines(texts: readonly string[]): void {
    if (texts.length > 0) process.stdout.write(`${texts.join('\n')}\n`)
  }

  /** The result as one line of JSON. */
  object(value: unknown): void {
    process.stdout.write(`${JSON.stringify(value)}\n`)
  }

  /** A line beside the result; silent with `--quiet`. */
  note(text: string): void {
    if (!this.quiet) process.stderr.write(`${text}\n`)
  }

  /** What a person should know even with `--quiet`. */
  warn(text: string): void {
    if (this.json) process.stderr.write(`${JSON.stringify({ warning: text })}\n`)
    else process.stderr.write(`${this.noteStyle.yellow('warning')} ${text}\n`)
  }
}

/** An error as people or, with `--json`, programs read it. */
export function errorText(error: unknown, json: boolean, paint: Style): string {
  const said = error instanceof Error ? error.message : String(error)
  // What is quoted may come from any file: it must not drive the terminal.
  const message = json ? said : said.split('\n').map(clean).join('\n')
  const code = isHomeostatError(error) ? error.code : 'HOMEOSTAT_INTERNAL'
  if (json) return JSON.stringify({ error: { code, message } })
  const known = isHomeostatError(error) && code !== 'HOMEOSTAT_USAGE'
  return `${paint.red('error')} ${message}${known ? ` ${paint.dim(`(${code})`)}` : ''}`
}
