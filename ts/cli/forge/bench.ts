import type { Command } from 'commander'
import type { Forge } from '../../forge/public.js'
import { list, outOf } from '../command.js'
import { usage } from '../exit.js'
import type { End } from '../program.js'
import { number } from '../ui/format.js'
import type { Out } from '../ui/out.js'
import { table } from '../ui/table.js'
import { medianMs } from './measure.js'
import { choosing, type DeviceChoice, interruptible, openForge } from './open.js'
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

interface Row {
  readonly operation: string
  readonly shape: string
  readonly cpu_ms: number
  /** Nothing where there is no device, or it does not answer. */
  readonly device_ms: number | null
  readonly flops: number
}

export function bench(group: Command, end: End): void {
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
      const rows: Row[] = []
      const ended = await interruptible(end, line, async (signal) => {
        line.show('opening the device')
        const f = await openForge(options, { tier: 'fast', sampling: 0 })
        try {
          for (const [i, [name, shape]] of chosen.entries()) {
            const what = `${i + 1}/${chosen.length}  ${name} ${shape}`
            rows.push(await measured(f, name, shape, signal, (who) => line.show(`${what} on ${who}`)))
          }
          line.end()
          if (out.json) out.object({ adapter: f.adapter ?? null, rows })
          else report(out, f, rows)
        } finally {
          await f.close()
          line.end()
        }
      })
      if (ended) out.note(`interrupted after ${rows.length} of ${chosen.length}`)
    })
}

async function measured(
  f: Forge,
  operation: string,
  shape: string,
  signal: AbortSignal,
  on: (who: string) => void,
): Promise<Row> {
  const work = workload(operation, shape)
  const time = async (backend: 'cpu' | 'gpu'): Promise<number | null> => {
    const kernel = await f.kernel(work.blueprint, { backend })
    try {
      if (backend === 'gpu' && !(await kernel.warm({ signal }))) return null
      return await medianMs(kernel, inputsFor(kernel.inputs), { signal })
    } finally {
      kernel.dispose()
    }
  }
  on('the processor')
  const cpu = await time('cpu')
  if (f.adapter === undefined) return { operation, shape, cpu_ms: cpu as number, device_ms: null, flops: work.flops }
  on(f.adapter.name)
  return { operation, shape, cpu_ms: cpu as number, device_ms: await time('gpu'), flops: work.flops }
}

function report(out: Out, f: Forge, rows: readonly Row[]): void {
  const three = (n: number): string => number(Number(n.toPrecision(3)))
  const speed = (ms: number | null): string => (ms === null ? '-' : `${three(ms)} ms`)
  const rate = (ms: number | null, flops: number): string =>
    ms === null || flops === 0 ? '-' : three(flops / ms / 1e6)
  if (f.adapter !== undefined) out.line(`the device is ${f.adapter.name}`)
  out.lines(
    table(
      [
        { title: 'operation' },
        { title: 'shape' },
        { title: 'processor', right: true },
        { title: 'GFLOP/s', right: true },
        { title: 'device', right: true },
        { title: 'GFLOP/s', right: true },
        { title: 'speedup', right: true },
      ],
      rows.map((r) => [
        r.operation,
        r.shape,
        speed(r.cpu_ms),
        rate(r.cpu_ms, r.flops),
        speed(r.device_ms),
        rate(r.device_ms, r.flops),
        r.device_ms === null ? '-' : `${three(r.cpu_ms / r.device_ms)}x`,
      ]),
      out.columns,
    ),
  )
}
