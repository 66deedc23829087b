import process from 'node:process'
import { replayJournal, verifyJournal } from '../../journal/check.js'
import { loadBinding } from '../../node/load.js'
import { define, outOf } from '../command.js'
import { loadCore } from '../core.js'
import { EXIT } from '../exit.js'
import { bytesOf, journalsAt } from '../journal/files.js'
import type { Register } from '../program.js'
import { plural } from '../ui/format.js'
import type { Common } from '../ui/out.js'

interface Options extends Common {
  readonly name?: string
  readonly core: 'native' | 'wasm' | 'both' | 'any'
}

export const replay: Register = (program, end) => {
  const command = define(program, {
    name: 'replay',
    group: 'Live tuners:',
    summary: "run a live tuner's decisions again from what it recorded, and compare every byte",
    about:
      'What the tuner was told is in its journal; what it decided follows from that, to the last bit, natively and in WebAssembly. A journal whose oldest segments were removed starts in the middle and cannot be replayed.',
    examples: ['homeostat replay ./journal', 'homeostat replay ./journal --core both'],
  })
  command
    .argument('<path>', 'journal file, or the folder that holds the segments')
    .option('--name <tuner>', 'the tuner, where a folder holds journals of several')
    .addOption(
      command
        .createOption('--core <core>', 'which core decides again')
        .choices(['native', 'wasm', 'both', 'any'])
        .default('any'),
    )
    .action(async (path: string, options: Options) => {
      const out = outOf(options)
      for (const { title, files } of journalsAt(path, options.name)) {
        const chain = await verifyJournal(loadCore(), bytesOf(files))
        for (const core of coresOf(options.core)) {
          const found = await replayJournal(core, bytesOf(files))
          const ok = found.ok && chain.ok
          if (!ok) end(EXIT.corrupt)
          if (out.json) out.object({ journal: title, core: core.kind, ...found, ok, chain })
          else if (ok)
            out.line(
              `${out.style.green('same')}  ${title}: ${plural(found.entries, 'entry', 'entries')} decided again by the ${core.kind} core`,
            )
          else {
            const bad = found.first_difference ?? chain.first_bad
            out.line(
              `${out.style.red('differs')}  ${title}, line ${bad?.line}: ${bad?.reason} ${out.style.dim(`(${bad?.code})`)}`,
            )
          }
        }
      }
    })
}

function coresOf(wanted: Options['core']) {
  if (wanted === 'any') return [loadCore()]
  return (wanted === 'both' ? ['native', 'wasm'] : [wanted]).map((kind) => {
    process.env.HOMEOSTAT_BINDING = kind
    return loadBinding(undefined, () => {})
  })
}
