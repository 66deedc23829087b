import type { Command } from 'commander'
import { verifyJournal } from '../../journal/check.js'
import { collect, list, outOf, whole } from '../command.js'
import { loadCore } from '../core.js'
import { EXIT } from '../exit.js'
import { entriesOf, type Filter } from '../journal/entries.js'
import { bytesOf, journalsAt, oneJournalAt } from '../journal/files.js'
import { follow, type ShowOptions, show } from '../journal/show.js'
import { StatsCounter } from '../journal/stats.js'
import type { End, Register } from '../program.js'
import { bytes, duration, number, plural } from '../ui/format.js'
import type { Common, Out } from '../ui/out.js'
import { pairs, table } from '../ui/table.js'

interface JournalOptions extends Common {
  readonly name?: string
}

interface FilterOptions extends JournalOptions {
  readonly event?: readonly string[][]
  readonly run?: string
  readonly generation?: number
  readonly proposal?: number
  readonly knob?: string
  readonly limit?: number
  readonly lines: number
  readonly follow?: boolean
}

export const journal: Register = (program, end) => {
  const group = program
    .command('journal')
    .helpGroup('Live tuners:')
    .summary('check and read what a live tuner recorded')
    .description('Checks and reads the journal of a live tuner: a file, or the folder that it writes to.')
    .addHelpText(
      'after',
      `\nExamples:
  homeostat journal verify ./journal
  homeostat journal show ./journal --event apply,rollback --knob ttl
  homeostat journal tail ./journal --follow
  homeostat journal stats ./journal --json`,
    )
  verify(group, end)
  showing(group)
  tailing(group)
  stats(group)
}

function sub(group: Command, name: string, summary: string): Command {
  return group
    .command(name)
    .summary(summary)
    .description(summary)

    .argument('<path>', 'journal file, or the folder that holds the segments')
    .option('--name <tuner>', 'the tuner, where a folder holds journals of several')
}

function verify(group: Command, end: End): void {
  sub(group, 'verify', 'find the first entry that was edited, removed or inserted').action(
    async (path: string, options: JournalOptions) => {
      const out = outOf(options)
      for (const { title, files } of journalsAt(path, options.name)) {
        const found = await verifyJournal(loadCore(), bytesOf(files))
        if (!found.ok) end(EXIT.corrupt)
        if (out.json) out.object({ journal: title, ...found })
        else if (found.ok)
          out.line(
            `${out.style.green('ok')}  ${title}: ${plural(found.entries, 'entry', 'entries')} in ${plural(found.runs, 'run')}`,
          )
        else {
          const bad = found.first_bad
          out.line(
            `${out.style.red('broken')}  ${title}, line ${bad?.line}: ${bad?.reason} ${out.style.dim(`(${bad?.code})`)}`,
          )
          out.line(
            `  ${plural(found.entries, 'entry', 'entries')} before it ${found.entries === 1 ? 'is' : 'are'} sound`,
          )
        }
      }
    },
  )
}

function filtered(command: Command): Command {
  return command
    .option('-e, --event <names>', 'only these events, such as apply,rollback', collect(list))
    .option('--run <id>', 'only this run; the beginning of its id is enough')
    .option('--generation <n>', 'only this generation', whole(0, Number.MAX_SAFE_INTEGER))
    .option('--proposal <n>', 'only what belongs to this proposal', whole(0, Number.MAX_SAFE_INTEGER))
    .option('--knob <name>', 'only what speaks of this knob')
}

const filterOf = (options: FilterOptions): Filter => ({
  events: options.event?.flat(),
  run: options.run,
  generation: options.generation,
  proposal: options.proposal,
  knob: options.knob,
})

const showOptions = (options: FilterOptions, out: Out): ShowOptions => ({ filter: filterOf(options), out })

function showing(group: Command): void {
  filtered(sub(group, 'show', 'print entries, the first ones first'))
    .option('-n, --limit <n>', 'at most so many', whole(1, Number.MAX_SAFE_INTEGER))
    .action(async (path: string, options: FilterOptions) => {
      const { files } = oneJournalAt(path, options.name)
      const out = outOf(options)
      const { printer } = await show(files, { ...showOptions(options, out), first: options.limit })
      if (printer.printed === 0) out.note('no entry matches')
    })
}

function tailing(group: Command): void {
  filtered(sub(group, 'tail', 'print the last entries'))
    .option('-n, --lines <n>', 'so many', whole(0, 1_000_000), 20)
    .option('-f, --follow', 'go on with what is written from now on')
    .action(async (path: string, options: FilterOptions) => {
      const { files } = oneJournalAt(path, options.name)
      const state = await show(files, { ...showOptions(options, outOf(options)), last: options.lines })
      if (options.follow === true) await follow(() => oneJournalAt(path, options.name).files, state)
    })
}

function stats(group: Command): void {
  sub(group, 'stats', 'count entries, verdicts and changes').action(async (path: string, options: JournalOptions) => {
    const out = outOf(options)
    for (const { title, files } of journalsAt(path, options.name)) {
      const counter = new StatsCounter()
      for await (const { entry, raw } of entriesOf(bytesOf(files))) counter.add(entry, raw.length + 1)
      const found = counter.result()
      if (out.json) {
        out.object({ journal: title, ...found })
        continue
      }
      out.line(out.style.bold(title))
      const facts: [string, string][] = [
        ['entries', `${found.entries} (${bytes(found.bytes)})`],
        ['runs', `${found.runs}, ${duration(found.duration_us / 1000)} together`],
        ['generation', String(found.generation)],
        ['in SafeMode', duration(found.safe_mode_us / 1000)],
        ['not recorded', plural(found.dropped, 'input')],
      ]
      out.lines(pairs(facts, out.style.dim))
      counts(out, 'event', found.events, found.entries)
      counts(out, 'verdict', found.verdicts)
      counts(out, 'change', found.applied)
    }
  })
}

function counts(out: Out, title: string, of: Readonly<Record<string, number>>, total = sum(of)): void {
  const rows = Object.entries(of).map(([name, n]) => [
    name,
    String(n),
    `${number(Math.round((1000 * n) / total) / 10)} %`,
  ])
  if (rows.length === 0) return
  out.line()
  out.lines(table([{ title }, { title: 'count', right: true }, { title: 'share', right: true }], rows, out.columns))
}

const sum = (of: Readonly<Record<string, number>>): number => Object.values(of).reduce((a, b) => a + b, 0)
