import type { Command } from 'commander'
import { outOf, whole } from '../command.js'
import { number } from '../ui/format.js'
import { pairs } from '../ui/table.js'
import { medianMs } from './measure.js'
import { choosing, type DeviceChoice, openForge, usualLibrary, withLibrary } from './open.js'
import { StatusLine } from './status-line.js'
import { inputsFor, OPERATIONS, workload } from './workload.js'

interface TuneOptions extends DeviceChoice {
  readonly shape?: string
  readonly evaluations: number
}

export function tune(group: Command): void {
  withLibrary(choosing(group.command('tune')))
    .summary('search for the fastest kernel of an operation')
    .description('Searches for the fastest kernel of an operation on this device and keeps it in the library.')
    .argument('<operation>', Object.keys(OPERATIONS).join(', '))
    .option('--shape <sizes>', 'such as 512x512x512 for matmul: m, n, k')
    .option('--evaluations <n>', 'schedules to measure for each group', whole(1, 10_000), 22)
    .action(async (operation: string, options: TuneOptions) => {
      const out = outOf(options)
      const work = workload(operation, options.shape)
      const library = options.library ?? usualLibrary()
      const f = await openForge(options, { library, evaluations: options.evaluations, sampling: 0 })
      const line = new StatusLine(out)
      try {
        const processor = await f.kernel(work.blueprint, { backend: 'cpu' })
        const inputs = inputsFor(processor.inputs)
        line.show('the processor')
        const cpuMs = await medianMs(processor, inputs)
        processor.dispose()
        const kernel = await f.kernel(work.blueprint)
        line.show('compiling and proving the first kernel')
        await kernel.warm()
        const { answers } = kernel.stats()
        let best = Number.POSITIVE_INFINITY
        const stats = await kernel.settled({
          onMeasured: (measured, event) => {
            best = Math.min(best, event.seconds ?? best)
            line.show(
              `${measured} schedules measured${Number.isFinite(best) ? `, the best one ${number(best * 1e6)} us` : ''}`,
            )
          },
        })
        const tunedMs = await medianMs(kernel, inputs)
        line.end()
        const gflops = (ms: number): number | null => (work.flops === 0 ? null : work.flops / ms / 1e6)
        const found = {
          operation,
          shape: work.sizes,
          adapter: f.adapter ?? null,
          library,
          measured: stats.measured,
          rejected: stats.rejections,
          answers: stats.answers,
          warm: answers,
          schedules: stats.schedules,
          cpu_ms: cpuMs,
          ms: tunedMs,
          gflops: gflops(tunedMs),
        }
        if (out.json) return out.object(found)
        const speed = (ms: number): string => {
          const g = gflops(ms)
          return `${number(Number(ms.toPrecision(3)))} ms${g === null ? '' : `, ${number(Number(g.toPrecision(3)))} GFLOP/s`}`
        }
        out.line(`${out.style.bold(operation)} ${work.sizes.join('x')} on ${f.adapter?.name ?? 'the processor'}`)
        out.lines(
          pairs(
            [
              ['processor', speed(cpuMs)],
              [
                'now',
                `${speed(tunedMs)} (${stats.answers === 'device' ? 'the device answers' : 'the processor answers'})`,
              ],
              ['measured', `${stats.measured} schedules, ${stats.rejections} rejected`],
              ...stats.schedules.map((text, i): [string, string] => [`group ${i}`, text]),
              ['library', library],
            ],
            out.style.dim,
          ),
        )
      } finally {
        line.end()
        await f.close()
      }
    })
}
