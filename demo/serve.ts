import { Child } from './children.js'
import { monotonicMs } from './clock.js'
import type { Context } from './compare.js'
import type { FromService, ToService, Variant } from './messages.js'
import type { Options } from './options.js'
import { clock, duration, thousands } from './view/format.js'
import { groupChanges } from './view/group.js'

const LINE_EVERY_MS = 2000

/** Serves one instance for a load that comes from elsewhere; its rows change as in the traffic of the seed. */
export async function serveOne(options: Options, variant: Variant, context: Context): Promise<void> {
  const { seconds, seed, port, exit } = options
  const { out, signal } = context
  const service = new Child<ToService, FromService>(context.entry, 'service')
  try {
    const ready = service.next('ready', 60_000)
    const { template, folder } = context
    service.send({ type: 'open', variant, template, folder, port, seed })
    const opened = await ready
    out.write(`The ${variant} instance serves http://127.0.0.1:${opened.port}/item/1 (to 20000); Ctrl-C ends it.\n`)
    const startMs = monotonicMs()
    service.send({ type: 'begin', startMs, seconds, seed })
    let lineAtMs = 0
    service.on((message) => {
      if (message.type !== 'status' || monotonicMs() < lineAtMs) return
      lineAtMs = monotonicMs() + LINE_EVERY_MS
      const { ttlMs, lingerMs, requests, misses, databaseQueries } = message
      const at = clock(monotonicMs() - startMs)
      out.write(
        `${at.padStart(6)}  ${thousands(requests)} requests, ${thousands(misses)} misses, ${thousands(databaseQueries)} queries` +
          `  TTL ${duration(ttlMs)}  linger ${duration(lingerMs)}\n`,
      )
    })
    await new Promise<void>((resolve, reject) => {
      const timer = exit ? setTimeout(resolve, seconds * 1000) : undefined
      const end = (): void => {
        clearTimeout(timer)
        resolve()
      }
      signal.addEventListener('abort', end)
      if (signal.aborted) end()
      service.on((message) => {
        if (message.type === 'failed') reject(new Error(message.message))
      })
    })
    const final = service.next('final', 10_000)
    service.send({ type: 'stop' })
    const { changes, journal } = await final
    for (const { fromMs, text } of groupChanges(changes)) out.write(`${clock(fromMs).padStart(6)}  ${text}\n`)
    if (journal) out.write(`Journal: ${journal}\n`)
  } finally {
    await service.end()
  }
}
