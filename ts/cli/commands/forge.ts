import { outOf } from '../command.js'
import { bench } from '../forge/bench.js'
import { library } from '../forge/library.js'
import { facade } from '../forge/open.js'
import { tune } from '../forge/tune.js'
import type { Register } from '../program.js'
import type { Common } from '../ui/out.js'
import { table } from '../ui/table.js'

export const forge: Register = (program, end) => {
  const group = program
    .command('forge')
    .helpGroup('Kernels:')
    .summary('search for fast compute kernels and keep them')
    .description('Searches for fast compute kernels on this machine’s devices, and keeps what was found in a library.')
    .addHelpText(
      'after',
      `\nExamples:
  homeostat forge adapters
  homeostat forge tune matmul --shape 512x512x512
  homeostat forge bench
  homeostat forge library ls`,
    )
  group
    .command('adapters')
    .summary('list the devices there are')
    .description('Lists the devices there are, the best first.')
    .action(async (options: Common) => {
      const out = outOf(options)
      const all = await facade.adapters()
      if (out.json) return out.object({ adapters: all })
      if (all.length === 0) return out.note('there is no adapter: the processor answers')
      out.lines(
        table(
          [{ title: 'name' }, { title: 'by' }, { title: 'kind' }, { title: 'driver' }],
          all.map((a) => [a.name, a.backend, a.software ? 'software' : 'hardware', a.driver]),
          out.columns,
        ),
      )
    })
  tune(group, end)
  bench(group, end)
  library(group, end)
}
