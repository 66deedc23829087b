/**
 * What all commands have in common: options, examples in their help, and how their errors end the process.
 */
import { type Command, InvalidArgumentError } from 'commander'
import { parseDuration } from '../units.js'
import { type Common, Out } from './ui/out.js'

/** Headings of the list of commands. */
export type Group = 'Search:' | 'Studies:' | 'Live tuners:' | 'More:'

export interface Described {
  readonly name: string
  readonly group: Group
  readonly summary: string
  /** More than the summary, shown by the command's own help. */
  readonly about?: string
  readonly examples: readonly string[]
}

/** Adds a command; `program.ts` gives it the options that every command has. */
export function define(program: Command, { name, group, summary, about, examples }: Described): Command {
  return program
    .command(name)
    .helpGroup(group)
    .summary(summary)
    .description(about === undefined ? summary : `${summary}\n\n${about}`)
    .addHelpText('after', `\nExamples:\n${examples.map((line) => `  ${line}`).join('\n')}`)
}

/** How a command says what it has to say. */
export const outOf = (options: Common): Out => new Out(options)

/** A whole number within bounds, as an option's parser. */
export function whole(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^\d+$/.test(text.trim()) || value < min || value > max)
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`)
    return value
  }
}

export function real(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It must be a number.')
  return value
}

/** Milliseconds of `30s`, `500ms`, `2m`, `1h`. */
export function time(text: string): number {
  const value = parseDuration(text)
  if (!(value > 0 && value <= 2_592_000_000))
    throw new InvalidArgumentError('It must be a duration such as 500ms, 30s, 2m or 1h, at most 30d.')
  return value
}

/** Collects an option that may be given several times. */
export function collect<T>(
  parse: (text: string) => T,
): (text: string, before: readonly T[] | undefined) => readonly T[] {
  return (text, before) => [...(before ?? []), parse(text)]
}

export const list = (text: string): string[] =>
  text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')
