import { Child } from './children.js'
import { monotonicMs } from './clock.js'
import type { SecondReport } from './load/tally.js'
import type { FixedSettings, FromLoader, FromService, ServiceFinal, ToLoader, ToService, Variant } from './messages.js'
import type { ComparedSecond } from './page/comparison.js'

export interface InstanceSpec {
  readonly name: string
  readonly variant: Variant
  readonly settings?: FixedSettings
  readonly port?: number
  /** Port of the dashboard that this instance serves. Its process then stays until `end` of the result. */
  readonly page?: number
}

export interface RunOptions {
  readonly entry: URL
  readonly template: string
  readonly folder: string
  readonly seconds: number
  readonly seed: number
  /** Driven at once with the same traffic; the order is that of starting and of sending. */
  readonly instances: readonly InstanceSpec[]
  /** `page`: where the dashboard is, if any instance has one. */
  readonly onOpen?: (ports: readonly number[], page: string | undefined) => void
  readonly onService?: (instance: number, message: FromService) => void
  /** @returns what the dashboard is told of it */
  readonly onSecond?: (index: number, seconds: readonly SecondReport[], lagMs: number) => ComparedSecond | undefined
  readonly signal?: AbortSignal
}

export interface RunResult {
  readonly totals: readonly SecondReport[]
  readonly perSecond: readonly (readonly SecondReport[])[]
  readonly finals: readonly ServiceFinal[]
  readonly lagP99Ms: number
  readonly lagMaxMs: number
  /** Loader lag per second, in ms. */
  readonly lagMs: readonly number[]
  /** Ends what stayed for its dashboard. */
  end(): Promise<void>
}

const OPEN_WITHIN_MS = 60_000
/** From the signal to begin to the first request: the loader warms up meanwhile. */
const LEAD_MS = 1500
const STOP_WITHIN_MS = 10_000

/** Runs instances and a loader in processes of their own, once; leaves no process behind, whatever happens. */
export async function run(options: RunOptions): Promise<RunResult> {
  const { entry, seconds, seed, signal } = options
  const services = options.instances.map(() => new Child<ToService, FromService>(entry, 'service'))
  const loader = new Child<ToLoader, FromLoader>(entry, 'load')
  let staying: typeof services = []
  try {
    const loaderReady = loader.next('ready', OPEN_WITHIN_MS)
    const opened = services.map((service, i) => {
      service.on((message) => options.onService?.(i, message))
      const { variant, settings, port = 0, page } = options.instances[i] as InstanceSpec
      const ready = service.next('ready', OPEN_WITHIN_MS)
      const { template, folder } = options
      const extra = { ...(settings && { settings }), ...(page !== undefined && { page }) }
      service.send({ type: 'open', variant, template, folder, port, seed, ...extra })
      return ready
    })
    const [ready] = await abortable(Promise.all([Promise.all(opened), loaderReady]), signal)
    const ports = ready.map(({ port }) => port)
    options.onOpen?.(ports, ready.find(({ page }) => page !== undefined)?.page)

    const perSecond: SecondReport[][] = []
    const lags: number[] = []
    loader.on((message) => {
      if (message.type !== 'second') return
      perSecond[message.index] = message.instances
      lags[message.index] = message.lagMs
      const compared = options.onSecond?.(message.index, message.instances, message.lagMs)
      if (compared === undefined) return
      options.instances.forEach(({ page }, i) => {
        if (page !== undefined) services[i]?.send({ type: 'compared', second: compared })
      })
    })
    const startMs = monotonicMs() + LEAD_MS
    for (const service of services) service.send({ type: 'begin', startMs, seconds, seed })
    const finished = loader.next('final', seconds * 1000 + 20_000)
    loader.send({ type: 'drive', ports, seconds, seed, startMs })
    const {
      instances: totals,
      lagP99Ms,
      lagMaxMs,
    } = await abortable(
      Promise.race([finished, ...services.map((service) => service.next('failed', seconds * 1000 + 30_000))]),
      signal,
    ).then((message) => {
      if (message.type === 'failed') throw new Error(message.message)
      return message
    })
    const finals = await Promise.all(
      services.map((service) => {
        const final = service.next('final', STOP_WITHIN_MS)
        service.send({ type: 'stop' })
        return final
      }),
    )
    staying = services.filter((_, i) => options.instances[i]?.page !== undefined)
    const end = async (): Promise<void> => {
      await Promise.all(staying.map((child) => child.end()))
    }
    return { totals, perSecond, finals, lagP99Ms, lagMaxMs, lagMs: lags, end }
  } finally {
    const leaving = services.filter((service) => !staying.includes(service))
    await Promise.all([...leaving, loader].map((child) => child.end()))
  }
}

function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason)
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
