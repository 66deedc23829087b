import { monotonicMs } from '../clock.js'
import type { FromService, ServiceStatus, ToService } from '../messages.js'
import { Comparison } from '../page/comparison.js'
import { servePage } from '../page/dashboard.js'
import { scenario } from '../scenario.js'
import { Catalog } from './catalog.js'
import { DatabaseClient } from './database.js'
import { listen, serve } from './http.js'
import { type Instance, staticInstance } from './instance.js'

const STATUS_EVERY_MS = 500

/** One instance of the service in a process of its own; it ends with its parent. */
export function runService(entry: URL): void {
  // Whoever listened may be gone.
  const tell = (message: FromService): void => void process.send?.(message, undefined, undefined, () => {})
  process.on('disconnect', () => process.exit(0))
  process.on('SIGINT', () => {}) // The parent decides when to stop; a terminal sends the signal to the whole group.
  let opened: ReturnType<typeof open> | undefined
  process.on('message', (message: ToService) => {
    if (message.type === 'cpu') {
      const { user, system } = process.cpuUsage()
      return tell({ type: 'cpu', userMs: user / 1000, systemMs: system / 1000 })
    }
    if (message.type === 'open') opened = open(entry, message, tell)
    opened
      ?.then(async (service) => {
        if (message.type === 'open')
          tell({ type: 'ready', port: service.port, ...(service.page !== undefined && { page: service.page }) })
        else if (message.type === 'begin') service.begin(message)
        else if (message.type === 'compared') service.comparison.take(message.second)
        else tell({ type: 'final', ...(await service.close()) })
      })
      .catch((error: unknown) =>
        tell({ type: 'failed', message: error instanceof Error ? error.message : String(error) }),
      )
  })
}

async function open(entry: URL, config: ToService & { type: 'open' }, tell: (message: FromService) => void) {
  const database = await DatabaseClient.open(entry, config.template)
  let startMs = monotonicMs()
  const instance: Instance =
    config.variant === 'static'
      ? staticInstance(config.settings)
      : await (await import('./tuned.js')).tunedInstance({
          folder: config.folder,
          seed: config.seed,
          mode: config.mode,
          onChange: (change) => tell({ type: 'change', change: { ...change, atMs: change.atMs - startMs } }),
        })
  const catalog = new Catalog(database, instance.settings, {
    capacity: scenario.rows,
    timeoutMs: scenario.timeoutMs,
    revalidateShare: instance.revalidateShare,
    now: monotonicMs,
    ...(instance.observer && { observer: instance.observer }),
  })
  const comparison = new Comparison()
  const page = config.page === undefined ? undefined : await servePage(instance.tuners ?? [], comparison, config.page)
  const server = serve(catalog)
  const port = await listen(server, config.port)
  const status = (): ServiceStatus => ({
    ttlMs: instance.settings.ttlMs,
    lingerMs: instance.settings.lingerMs,
    requests: catalog.requests,
    misses: catalog.misses,
    databaseQueries: catalog.batches.queries,
  })
  const timer = setInterval(() => tell({ type: 'status', ...status() }), STATUS_EVERY_MS)
  const cpuAtStart = process.cpuUsage()

  return {
    port,
    page: page?.url,
    comparison,
    begin(message: ToService & { type: 'begin' }): void {
      startMs = message.startMs
      comparison.begin(message.seconds)
      database.begin(message.startMs, message.seconds, message.seed)
    },
    async close() {
      clearInterval(timer)
      catalog.close()
      server.close()
      server.closeAllConnections()
      const cpu = process.cpuUsage(cpuAtStart)
      const end = await instance.close()
      await database.close()
      return {
        ...end,
        changes: end.changes.map((change) => ({ ...change, atMs: change.atMs - startMs })),
        databaseQueries: catalog.batches.queries,
        databaseKeys: catalog.batches.keys,
        cpuMs: (cpu.user + cpu.system) / 1000,
      }
    },
  }
}
