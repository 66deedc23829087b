import type { WriteStream } from 'node:tty'
import { keptUp } from './command.js'
import { Live } from './live.js'
import type { SecondReport } from './load/tally.js'
import type { Options } from './options.js'
import { buildReport, type Report } from './report.js'
import { type InstanceSpec, run } from './run.js'
import { paint, wantsColours } from './view/paint.js'
import { summary } from './view/summary.js'
import { view } from './view/terminal.js'

export interface Context {
  readonly entry: URL
  readonly template: string
  readonly folder: string
  readonly signal: AbortSignal
  readonly out: WriteStream
}

/** The comparison: runs both instances, shows it, prints the summary. `linger` then keeps the page up as asked. */
export async function compare(
  options: Options,
  context: Context,
  finished: (report: Report) => void,
): Promise<{ linger: () => Promise<void> }> {
  const { seconds, seed, swap, staticVsStatic } = options
  const { out, signal } = context
  const live = new Live(seconds, seed)
  const specs: InstanceSpec[] = [
    { name: 'static', variant: 'static' },
    { name: 'tuned', variant: staticVsStatic ? 'static' : 'tuned', page: options.port },
  ]
  if (swap) specs.reverse()
  const names = specs.map(({ name }) => name as 'static' | 'tuned')
  out.write('Starting: two services, each with its own database …\n')
  let shown: ReturnType<typeof view> | undefined
  let url = ''
  let end = async (): Promise<void> => {}
  try {
    const { entry, template, folder } = context
    const result = await run({
      ...{ entry, template, folder, seconds, seed, signal, instances: specs },
      onOpen: (ports, page = '') => {
        url = page
        out.write(`Dashboard: ${page}\n`)
        for (const [i, name] of names.entries()) out.write(`${name.padEnd(6)} http://127.0.0.1:${ports[i]}/item/1\n`)
        shown = view(live, out, page)
      },
      onService: (instance, message) => {
        const name = names[instance] as 'static' | 'tuned'
        if (message.type === 'status') live.status[name] = message
        else if (message.type === 'change') live.change(message.change)
      },
      onSecond: (index, reports, lagMs) => {
        const of = (name: 'static' | 'tuned') => reports[names.indexOf(name)] as SecondReport
        const both = { static: of('static'), tuned: of('tuned') }
        live.second(index, both, lagMs)
        const { ttlMs, lingerMs } = live.status.tuned
        return { index, ...both, ttlMs, lingerMs }
      },
    })
    end = result.end
    live.finish()
    shown?.close()
    const report = buildReport(result, { seconds, seed, swapped: swap, staticVsStatic })
    const colours = paint(wantsColours(process.env, out.isTTY))
    out.write(`${summary(report, colours).join('\n')}\n`)
    finished(report)
  } catch (error) {
    shown?.close()
    await end()
    throw error
  }
  return {
    linger: async () => {
      if (!options.exit && !signal.aborted) {
        out.write(`\n The dashboard stays at ${url} for 15 minutes; Ctrl-C ends it.\n`)
        await keptUp(signal)
      }
      await end()
    },
  }
}
