import type { Command } from 'commander'
import { FileLibrary } from '../../forge/node/file-library.js'
import type { Forge, KernelStats } from '../../forge/public.js'
import { outOf, whole } from '../command.js'
import type { End } from '../program.js'
import { number, plural } from '../ui/format.js'
import type { Out } from '../ui/out.js'
import { pairs } from '../ui/table.js'
import { medianMs } from './measure.js'
import { choosing, type DeviceChoice, interruptible, openForge, usualLibrary, withLibrary } from './open.js'
import { StatusLine } from './status-line.js'
import { inputsFor, OPERATIONS, type Workload, workload } from './workload.js'

interface TuneOptions extends DeviceChoice {
  readonly shape?: string
  readonly evaluations: number
  readonly gpu?: boolean
}

export function tune(group: Command, end: End): void {
  const command = withLibrary(choosing(group.command('tune')))
  command
    .summary('search for the fastest kernel of an operation')
    .description('Searches for the fastest kernel of an operation on this device and keeps it in the library.')
    .argument('<operation>', Object.keys(OPERATIONS).join(', '))
    .addOption(command.createOption('--gpu', 'the device, even where the processor is faster').conflicts('cpu'))
    .option('--shape <sizes>', 'such as 512x512x512 for matmul: m, n, k')
    .option('--evaluations <n>', 'schedules to measure for each group', whole(1, 10_000), 22)
    .action(async (operation: string, options: TuneOptions) => {
      const out = outOf(options)
      const work = workload(operation, options.shape)
      const library = options.library ?? usualLibrary()
      const line = new StatusLine(out)
      let measured = 0
      let searched = false
      const ended = await interruptible(end, line, async (signal) => {
        line.show('opening the device')
        const f = await openForge(options, {
          library,
          evaluations: options.evaluations,
          sampling: 0,
          ...(options.gpu === true && { device: 'gpu', backend: 'gpu' }),
        })
        searched = f.adapter !== undefined
        try {
          const found = await search(f, work, signal, (text, step, count = 0) => {
            measured = count
            line.show(text, step)
          })
          line.end()
          // Where nothing was learned there is a library all the same, which says so.
          await new FileLibrary(library).append('')
          if (out.json) out.object(facts(f, work, library, found))
          else report(out, f, work, library, found)
        } finally {
          await f.close()
          line.end()
        }
      })
      if (ended && !searched) out.note('interrupted')
      else if (ended)
        out.note(`interrupted after ${plural(measured, 'schedule')}; what was proven is kept in ${library}`)
    })
}

interface Found {
  readonly cpuMs: number
  readonly ms: number
  /** Who answered first: the device where something of the library did. */
  readonly warm: KernelStats['answers']
  readonly stats: KernelStats
}

async function search(
  f: Forge,
  work: Workload,
  signal: AbortSignal,
  say: (text: string, step: string, measured?: number) => void,
): Promise<Found> {
  const processor = await f.kernel(work.blueprint, { backend: 'cpu' })
  const inputs = inputsFor(processor.inputs)
  say('timing the processor', 'processor')
  const cpuMs = await medianMs(processor, inputs, { signal })
  processor.dispose()
  const kernel = await f.kernel(work.blueprint)
  say('compiling and proving the first kernel', 'first')
  await kernel.warm({ signal })
  const { answers: warm } = kernel.stats()
  if (f.adapter !== undefined) say('searching', 'search')
  let best = Number.POSITIVE_INFINITY
  const stats = await kernel.settled({
    signal,
    onMeasured: (measured, event) => {
      best = Math.min(best, event.seconds ?? best)
      const so = Number.isFinite(best) ? `, the best one ${number(Number((best * 1e6).toPrecision(3)))} us` : ''
      say(`searching: ${plural(measured, 'schedule')} measured${so}`, 'search', measured)
    },
  })
  say('timing what was found', 'found', stats.measured)
  return { cpuMs, ms: await medianMs(kernel, inputs, { signal }), warm, stats }
}

const gflops = ({ flops }: Workload, ms: number): number | null => (flops === 0 ? null : flops / ms / 1e6)

/** What is printed with `--json`. */
const facts = (f: Forge, work: Workload, library: string, { cpuMs, ms, warm, stats }: Found): object => ({
  operation: work.name,
  shape: work.sizes,
  adapter: f.adapter ?? null,
  library,
  measured: stats.measured,
  rejected: stats.rejections,
  answers: stats.answers,
  warm,
  schedules: stats.schedules,
  cpu_ms: cpuMs,
  ms,
  gflops: gflops(work, ms),
})

function report(out: Out, f: Forge, work: Workload, library: string, { cpuMs, ms, stats }: Found): void {
  const three = (n: number): string => number(Number(n.toPrecision(3)))
  const speed = (time: number): string => {
    const g = gflops(work, time)
    return `${three(time)} ms${g === null ? '' : `, ${three(g)} GFLOP/s`}`
  }
  const rows: (readonly [string, string])[] = [['processor', speed(cpuMs)]]
  if (f.adapter !== undefined) {
    const who = stats.answers === 'device' ? 'the device answers' : 'the processor is faster'
    const known = stats.measured + stats.rejections === 0 ? '; the library knew the answer' : ''
    rows.push(
      ['now', `${speed(ms)} (${who})`],
      ['measured', `${plural(stats.measured, 'schedule')}, ${stats.rejections} rejected${known}`],
      ...stats.schedules.map((text, i): [string, string] => [`group ${i}`, text]),
      ['library', library],
    )
  }
  out.line(`${out.style.bold(work.name)} ${work.sizes.join('x')} on ${f.adapter?.name ?? 'the processor'}`)
  out.lines(pairs(rows, out.style.dim))
  if (f.adapter === undefined) out.note('there is no device, so nothing was searched for')
}
