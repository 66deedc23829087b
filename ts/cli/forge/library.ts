import { readFileSync, writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { type Fact, readLine } from '../../forge/node/facts.js'
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

interface Lines {
  /** The latest fact of each kernel, with its line. */
  readonly kernels: ReadonlyMap<string, { readonly fact: Fact; readonly line: string }>
  readonly lines: readonly string[]
  readonly damaged: number
  /** Lines that another version of the package wrote. */
  readonly otherVersion: number
}

/** A library that is not there yet is empty; a file that someone names has to be. */
function read(path: string, required = false): Lines {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    if (!required && (cause as NodeJS.ErrnoException).code === 'ENOENT')
      return { kernels: new Map(), lines: [], damaged: 0, otherVersion: 0 }
    throw failure('HOMEOSTAT_FILE', `library: ${path} cannot be read: ${(cause as Error).message}`, cause)
  }
  const kernels = new Map<string, { fact: Fact; line: string }>()
  const lines: string[] = []
  let damaged = 0
  let otherVersion = 0
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const read = readLine(line)
    if (read === 'damaged') damaged++
    else if (read === 'other version') otherVersion++
    else {
      lines.push(line)
      if (read.fact.kernel !== undefined) kernels.set(read.about, { fact: read.fact, line })
    }
  }
  return { kernels, lines, damaged, otherVersion }
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
    .description(
      'Checks every line’s checksum and version. Others than sound ones of this version are passed over by a forge.',
    )
    .action((options: LibraryOptions) => {
      const out = outOf(options)
      const { kernels, lines, damaged, otherVersion } = read(options.library ?? usualLibrary())
      const sound = damaged + otherVersion === 0
      if (!sound) end(EXIT.corrupt)
      if (out.json)
        return out.object({ lines: lines.length, kernels: kernels.size, damaged, other_version: otherVersion })
      const word = sound ? out.style.green('ok') : out.style.red(damaged > 0 ? 'damaged' : 'another version')
      const counts = [plural(lines.length, 'line'), plural(kernels.size, 'kernel'), `${damaged} damaged`]
      out.line(`${word}  ${[...counts, `${otherVersion} of another version`].join(', ')}`)
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
      const { lines, damaged, otherVersion } = read(file, true)
      const store = new FileLibrary(options.library ?? usualLibrary())
      if (lines.length > 0) await store.append(lines.map((line) => `${line}\n`).join(''))
      outOf(options).note(
        `${plural(lines.length, 'line')} taken, ${damaged} damaged and ${otherVersion} of another version passed over`,
      )
    })
}
