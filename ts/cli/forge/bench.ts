import type { Command } from 'commander'
import { list, outOf } from '../command.js'
import { usage } from '../exit.js'
import { number } from '../ui/format.js'
import { table } from '../ui/table.js'
import { medianMs } from './measure.js'
import { choosing, type DeviceChoice, openForge } from './open.js'
import { StatusLine } from './status-line.js'
import { inputsFor, workload } from './workload.js'

const WORKLOADS: readonly (readonly [string, string])[] = [
  ['matmul', '256x256x256'],
  ['matmul', '512x512x512'],
  ['conv2d', '64x28x28x128x3'],
  ['attention', '8x128x64'],
  ['softmax', '256x1024'],
  ['layerNorm', '256x512'],
]

interface BenchOptions extends DeviceChoice {
  readonly only?: readonly string[]
}

export function bench(group: Command): void {
  choosing(group.command('bench'))
    .summary('compare the device with the processor on common operations')
    .description('Runs common operations on the device, by the first schedule of each, and on the processor.')
    .option('--only <operations>', 'such as matmul,softmax', list)
    .action(async (options: BenchOptions) => {
      const out = outOf(options)
      const names = [...new Set(WORKLOADS.map(([name]) => name))]
      const unknown = options.only?.find((name) => !names.includes(name))
      if (unknown !== undefined || options.only?.length === 0)
        throw usage(`--only: expected some of ${names.join(', ')}, got '${unknown ?? ''}'`)
      const chosen = WORKLOADS.filter(([name]) => options.only?.includes(name) ?? true)
      const line = new StatusLine(out)
      const f = await openForge(options, { tier: 'fast', sampling: 0 })
      const rows: { operation: string; shape: string; cpu_ms: number; device_ms: number | null; flops: number }[] = []
      try {
        for (const [name, shape] of chosen) {
          line.show(`${name} ${shape}`)
          const work = workload(name, shape)
          const times: (number | null)[] = []
          for (const backend of ['cpu', 'gpu'] as const) {
            const kernel = await f.kernel(work.blueprint, { backend })
            const wanted = backend === 'cpu' || (await kernel.warm())
            times.push(wanted ? await medianMs(kernel, inputsFor(kernel.inputs)) : null)
            kernel.dispose()
          }
          rows.push({
            operation: name,
            shape,
            cpu_ms: times[0] as number,
            device_ms: times[1] ?? null,
            flops: work.flops,
          })
        }
      } finally {
        line.end()
        await f.close()
      }
      if (out.json) return out.object({ adapter: f.adapter ?? null, rows })
      const three = (n: number): string => number(Number(n.toPrecision(3)))
      const speed = (ms: number | null, flops: number): string =>
        ms === null ? '-' : `${three(ms)} ms${flops === 0 ? '' : ` (${three(flops / ms / 1e6)} GFLOP/s)`}`
      out.lines(
        table(
          [
            { title: 'operation' },
            { title: 'shape' },
            { title: 'processor', right: true },
            { title: 'device', right: true },
            { title: 'faster', right: true },
          ],
          rows.map((r) => [
            r.operation,
            r.shape,
            speed(r.cpu_ms, r.flops),
            speed(r.device_ms, r.flops),
            r.device_ms === null ? '-' : `${three(r.cpu_ms / r.device_ms)} x`,
          ]),
          out.columns,
        ),
      )
    })
}
