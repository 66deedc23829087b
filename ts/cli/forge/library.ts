import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { TAGS } from '../../forge/known.js'
import { FileLibrary } from '../../forge/node/file-library.js'
import type { Tag } from '../../forge-binding.js'
import { outOf } from '../command.js'
import { EXIT, failure, usage } from '../exit.js'
import type { End } from '../program.js'
import { bytes, number, plural } from '../ui/format.js'
import type { Common, Out } from '../ui/out.js'
import { pairs, table } from '../ui/table.js'
import { clean } from '../ui/terminal.js'
import { type Known, type KnownFact, read, text } from './known.js'
import { usualLibrary, withLibrary } from './open.js'

interface LibraryOptions extends Common {
  readonly library?: string
}

interface ListOptions extends LibraryOptions {
  readonly tag?: Tag
}

/** The library of a command that only reads: the usual one may not be there yet, one that is named has to be. */
function opened({ library }: LibraryOptions): Known & { readonly path: string } {
  const path = library ?? usualLibrary()
  return { ...read(path, library !== undefined), path }
}

/** What a forge passes over is said: nobody should believe that it is all there. */
function warnOf({ damaged, otherVersion, path }: Known & { readonly path: string }, out: Out): void {
  const count = damaged + otherVersion
  if (count > 0)
    out.warn(
      `library: ${plural(count, 'line')} of ${path} passed over: ${damaged} damaged, ${otherVersion} of another version`,
    )
}

/** What is printed may come from any file: it must not drive the terminal. */
const shown = (value: unknown): string => clean(text(value))

function time({ seconds }: KnownFact): string {
  if (typeof seconds !== 'number' || !(seconds > 0)) return '-'
  const three = (n: number): string => number(Number(n.toPrecision(3)))
  return seconds < 1e-3 ? `${three(seconds * 1e6)} us` : `${three(seconds * 1e3)} ms`
}

export function library(forge: Command, end: End): void {
  const group = forge
    .command('library')
    .summary('look into what was learned')
    .description('What was learned of kernels on devices.')
  ls(group)
  show(group)
  verify(group, end)
  exportTo(group)
  importFrom(group)
}

function ls(group: Command): void {
  const command = withLibrary(group.command('ls'))
  command
    .summary('list kernels, the fastest of each blueprint first')
    .description('Lists kernels, the fastest of each blueprint first, with what each is good at: that is measured.')
    .addOption(command.createOption('--tag <tag>', 'only kernels that are good at this').choices([...TAGS]))
    .action((options: ListOptions) => {
      const out = outOf(options)
      const known = opened(options)
      warnOf(known, out)
      const facts = known.kernels.filter(({ tags }) => options.tag === undefined || tags.includes(options.tag))
      facts.sort((a, b) => text(a.blueprint).localeCompare(text(b.blueprint)) || Number(a.seconds) - Number(b.seconds))
      if (out.json) return out.object({ kernels: facts })
      if (facts.length === 0)
        return out.note(
          known.kernels.length === 0
            ? `${known.path} has no kernels yet`
            : `no kernel of ${known.path} is ${options.tag}`,
        )
      // A column of one driver's name only takes room.
      const several = new Set(facts.map(({ driver }) => driver)).size > 1
      const columns = [
        { title: 'blueprint' },
        { title: 'state' },
        { title: 'run', right: true },
        { title: 'tags' },
        { title: 'schedule' },
        ...(several ? [{ title: 'driver' }] : []),
      ]
      const row = (f: KnownFact): string[] => [
        shown(f.blueprint).slice(0, 12),
        shown(f.kernel),
        time(f),
        f.tags.join(' '),
        shown(f.schedule),
        ...(several ? [shown(f.driver)] : []),
      ]
      out.lines(table(columns, facts.map(row), out.columns))
    })
}

function show(group: Command): void {
  withLibrary(group.command('show'))
    .summary('print what is known of a blueprint')
    .description('Prints the latest fact about each kernel of a blueprint.')
    .argument('<blueprint>', 'the beginning of its hash')
    .action((hash: string, options: LibraryOptions) => {
      const out = outOf(options)
      if (!/^[0-9a-f]{1,64}$/.test(hash)) throw usage(`blueprint: expected the beginning of a hash, got '${hash}'`)
      const known = opened(options)
      warnOf(known, out)
      const found = known.kernels.filter(({ blueprint }) => text(blueprint).startsWith(hash))
      if (found.length === 0)
        throw failure('HOMEOSTAT_FILE', `library: nothing is known of a blueprint ${hash} in ${known.path}`)
      found.sort((a, b) => Number(a.group) - Number(b.group) || Number(a.seconds) - Number(b.seconds))
      if (out.json) return out.object({ kernels: found })
      for (const name of new Set(found.map(({ blueprint }) => text(blueprint)))) {
        const state = known.blueprints.get(name)
        out.line(`${out.style.bold(name)}${state === undefined ? '' : `  ${state}`}`)
        for (const fact of found.filter(({ blueprint }) => blueprint === name)) {
          out.line()
          out.lines(pairs(described(fact), out.style.dim))
        }
      }
    })
}

const described = (f: KnownFact): (readonly [string, string])[] => [
  ['schedule', `${shown(f.schedule)} (group ${Number(f.group)})`],
  ['state', shown(f.kernel)],
  ['run', time(f)],
  ['tags', f.tags.join(', ') || 'none'],
  ['error', `${number(Number((100 * Number(f.error)).toPrecision(3)))} % of what is allowed`],
  ['memory', `${bytes(Number(f.extra_bytes))} beside its tensors`],
  ['device', `${shown(f.driver)}, ${shown(f.backend)}, version ${shown(f.compiler)}`],
]

function verify(group: Command, end: End): void {
  withLibrary(group.command('verify'))
    .summary('find damaged lines')
    .description(
      'Checks every line’s checksum and version. Others than sound ones of this version are passed over by a forge.',
    )
    .action((options: LibraryOptions) => {
      const out = outOf(options)
      const { kernels, lines, damaged, otherVersion } = opened(options)
      const sound = damaged + otherVersion === 0
      if (!sound) end(EXIT.corrupt)
      if (out.json)
        return out.object({ lines: lines.length, kernels: kernels.length, damaged, other_version: otherVersion })
      const word = sound ? out.style.green('ok') : out.style.red(damaged > 0 ? 'damaged' : 'another version')
      const counts = [plural(lines.length, 'sound line'), plural(kernels.length, 'kernel'), `${damaged} damaged`]
      out.line(`${word}  ${[...counts, `${otherVersion} of another version`].join(', ')}`)
    })
}

function exportTo(group: Command): void {
  withLibrary(group.command('export'))
    .summary('write the sound facts into a file')
    .description('Writes the sound facts into a file, to be imported elsewhere.')
    .argument('<file>')
    .action((file: string, options: LibraryOptions) => {
      const out = outOf(options)
      const known = opened(options)
      if (resolve(file) === resolve(known.path)) throw usage(`export: ${file} is the library itself`)
      warnOf(known, out)
      try {
        writeFileSync(file, known.lines.map((line) => `${line}\n`).join(''))
      } catch (cause) {
        throw failure('HOMEOSTAT_FILE', `${file} cannot be written: ${(cause as Error).message}`, cause)
      }
      if (out.json) return out.object({ file, lines: known.lines.length, kernels: known.kernels.length })
      out.note(`${plural(known.lines.length, 'line')} written to ${file}`)
    })
}

function importFrom(group: Command): void {
  withLibrary(group.command('import'))
    .summary('take in what another machine learned')
    .description('Takes in what another machine learned. It is proven anew before it answers anyone.')
    .argument('<file>')
    .action(async (file: string, options: LibraryOptions) => {
      const out = outOf(options)
      const path = options.library ?? usualLibrary()
      if (resolve(file) === resolve(path)) throw usage(`import: ${file} is the library itself`)
      const { lines, damaged, otherVersion } = read(file, true)
      if (lines.length === 0 && damaged + otherVersion > 0)
        throw failure(
          damaged > 0 ? 'HOMEOSTAT_LIBRARY_DAMAGED' : 'HOMEOSTAT_LIBRARY_VERSION',
          `library: no line of ${file} can be taken: ${damaged} are damaged, ${otherVersion} of another version`,
        )
      const there = new Set(read(path, false).lines)
      const fresh = lines.filter((line) => !there.has(line))
      if (fresh.length > 0) await new FileLibrary(path).append(fresh.map((line) => `${line}\n`).join(''))
      const known = lines.length - fresh.length
      if (out.json) return out.object({ taken: fresh.length, known, damaged, other_version: otherVersion })
      const passed =
        damaged + otherVersion === 0 ? '' : `; ${damaged} damaged and ${otherVersion} of another version passed over`
      out.note(`${plural(fresh.length, 'line')} taken, ${known} known before${passed}`)
    })
}
