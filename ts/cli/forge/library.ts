import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { FileLibrary } from '../../forge/node/file-library.js'
import { outOf } from '../command.js'
import { EXIT, failure } from '../exit.js'
import type { End } from '../program.js'
import { number, plural } from '../ui/format.js'
import type { Common } from '../ui/out.js'
import { table } from '../ui/table.js'
import { usualLibrary, withLibrary } from './open.js'

interface LibraryOptions extends Common {
  readonly library?: string
}

/** A line of a library: a checksum of eight digits, a space, JSON. */
type Fact = Readonly<Record<string, unknown>>

interface Lines {
  /** The latest fact of each kernel, with its line. */
  readonly kernels: ReadonlyMap<string, { readonly fact: Fact; readonly line: string }>
  readonly lines: readonly string[]
  readonly damaged: number
}

/** A library that is not there yet is empty; a file that someone names has to be. */
function read(path: string, required = false): Lines {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    if (!required && (cause as NodeJS.ErrnoException).code === 'ENOENT')
      return { kernels: new Map(), lines: [], damaged: 0 }
    throw failure('HOMEOSTAT_FILE', `library: ${path} cannot be read: ${(cause as Error).message}`, cause)
  }
  const kernels = new Map<string, { fact: Fact; line: string }>()
  const lines: string[] = []
  let damaged = 0
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const fact = factOf(line)
    if (fact === undefined) {
      damaged++
      continue
    }
    lines.push(line)
    if (fact.kernel === undefined) continue
    const { blueprint, group, schedule, backend, driver } = fact
    kernels.set(JSON.stringify([blueprint, group, schedule, backend, driver]), { fact, line })
  }
  return { kernels, lines, damaged }
}

function factOf(line: string): Fact | undefined {
  const json = line.slice(9)
  if (line[8] !== ' ' || createHash('sha256').update(json).digest('hex').slice(0, 8) !== line.slice(0, 8))
    return undefined
  try {
    return JSON.parse(json) as Fact
  } catch {
    return undefined
  }
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

export function library(forge: Command, end: End): void {
  const group = forge
    .command('library')
    .summary('look into what was learned')
    .description('What was learned of kernels on devices.')
  withLibrary(group.command('ls'))
    .summary('list kernels, the fastest of each blueprint first')
    .description('Lists kernels, the fastest of each blueprint first.')
    .action((options: LibraryOptions) => {
      const out = outOf(options)
      const { kernels } = read(options.library ?? usualLibrary())
      const facts = [...kernels.values()].map(({ fact }) => fact)
      facts.sort((a, b) => text(a.blueprint).localeCompare(text(b.blueprint)) || Number(a.seconds) - Number(b.seconds))
      if (out.json) return out.object({ kernels: facts })
      if (facts.length === 0) return out.note('the library is empty')
      out.lines(
        table(
          [
            { title: 'blueprint' },
            { title: 'state' },
            { title: 'run', right: true },
            { title: 'schedule' },
            { title: 'driver' },
          ],
          facts.map((f) => [
            text(f.blueprint).slice(0, 12),
            text(f.kernel),
            `${number(Number((Number(f.seconds) * 1e6).toPrecision(3)))} us`,
            text(f.schedule),
            text(f.driver),
          ]),
          out.columns,
        ),
      )
    })
  withLibrary(group.command('show'))
    .summary('print what is known of a blueprint')
    .description('Prints every fact about a blueprint, as JSON lines.')
    .argument('<blueprint>', 'the beginning of its hash')
    .action((hash: string, options: LibraryOptions) => {
      const { kernels } = read(options.library ?? usualLibrary())
      const found = [...kernels.values()].filter(({ fact }) => text(fact.blueprint).startsWith(hash))
      if (found.length === 0) throw failure('HOMEOSTAT_FILE', `library: nothing is known of a blueprint ${hash}`)
      for (const { fact } of found) outOf(options).object(fact)
    })
  withLibrary(group.command('verify'))
    .summary('find damaged lines')
    .description('Checks every line’s checksum. Damaged lines are passed over by whoever reads the library.')
    .action((options: LibraryOptions) => {
      const out = outOf(options)
      const { kernels, lines, damaged } = read(options.library ?? usualLibrary())
      if (damaged > 0) end(EXIT.corrupt)
      if (out.json) return out.object({ lines: lines.length, kernels: kernels.size, damaged })
      const word = damaged > 0 ? out.style.red('damaged') : out.style.green('ok')
      out.line(`${word}  ${plural(lines.length, 'line')}, ${plural(kernels.size, 'kernel')}, ${damaged} damaged`)
    })
  withLibrary(group.command('export'))
    .summary('write the sound facts into a file')
    .description('Writes the sound facts into a file, to be imported elsewhere.')
    .argument('<file>')
    .action((file: string, options: LibraryOptions) => {
      const { lines } = read(options.library ?? usualLibrary())
      writeFileSync(file, lines.map((line) => `${line}\n`).join(''))
      outOf(options).note(`${plural(lines.length, 'line')} written to ${file}`)
    })
  withLibrary(group.command('import'))
    .summary('take in what another machine learned')
    .description('Takes in what another machine learned. It is proven anew before it answers anyone.')
    .argument('<file>')
    .action(async (file: string, options: LibraryOptions) => {
      const { lines, damaged } = read(file, true)
      const store = new FileLibrary(options.library ?? usualLibrary())
      if (lines.length > 0) await store.append(lines.map((line) => `${line}\n`).join(''))
      outOf(options).note(`${plural(lines.length, 'line')} taken, ${damaged} damaged and passed over`)
    })
}
