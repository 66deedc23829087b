import { Child } from '../children.js'
import { monotonicMs } from '../clock.js'
import { buildTraffic, drive, type Visit, warmUp } from './load.js'
import type { FromService, LogLine, ToService } from './messages.js'
import { type HalfReport, report, type Share, share } from './tally.js'
import { LOAD, PHASES, SERVICES, type ServiceName } from './topology.js'

export interface HalfOptions {
  readonly entry: URL
  readonly guarded: boolean
  readonly seconds: number
  readonly seed: number
  readonly signal: AbortSignal
  readonly onOpen?: (port: number) => void
  readonly onSecond: (second: number, share: Share) => void
  readonly onLog: (line: LogLine) => void
}

export interface Half {
  readonly report: HalfReport
  readonly log: readonly LogLine[]
  readonly witnesses: readonly string[]
}

const OPEN_WITHIN_MS = 30_000
/** From the last process being ready to the first request. */
const LEAD_MS = 300

type Service = Child<ToService, FromService>

/**
 * One half of the demonstration: four processes, the traffic, the fault and its repair; then `keepUp`, where it is given, while the
 * processes live. Leaves no process behind, whatever happens.
 */
export async function runHalf(options: HalfOptions, keepUp?: (half: Half) => Promise<void>): Promise<Half> {
  const { guarded, seconds, seed, signal } = options
  const services = new Map<ServiceName, Service>()
  const log: LogLine[] = []
  let startMs = Number.POSITIVE_INFINITY
  try {
    const ports: Partial<Record<ServiceName, number>> = {}
    for (const name of SERVICES) {
      signal.throwIfAborted()
      const service: Service = new Child(options.entry, name)
      services.set(name, service)
      service.on((message) => {
        if (message.type === 'events') services.get('gateway')?.send(message)
        if (message.type !== 'log') return
        log.push({ atMs: message.atMs - startMs, text: `${name}: ${message.text}` })
      })
      const ready = service.next('ready', OPEN_WITHIN_MS)
      service.send({ type: 'open', guarded, seed, ports })
      ports[name] = (await ready).port
    }
    const port = ports.gateway ?? 0
    options.onOpen?.(port)
    await warmUp(port, signal)
    startMs = monotonicMs() + LEAD_MS

    const breakAtMs = Math.round(seconds * PHASES.breakAt) * 1000
    const repairAtMs = Math.round(seconds * PHASES.repairAt) * 1000
    const database = services.get('database')
    const timers = [
      at(startMs + breakAtMs, () => {
        database?.signal('SIGSTOP')
        log.push({ atMs: breakAtMs, text: 'the database proxy hangs (SIGSTOP)' })
      }),
      at(startMs + repairAtMs, () => {
        database?.signal('SIGCONT')
        log.push({ atMs: repairAtMs, text: 'the database proxy works again (SIGCONT)' })
      }),
    ]
    const visits: Visit[] = []
    const seconder = tellSeconds(visits, log, startMs, options)
    try {
      const traffic = buildTraffic(seconds, seed)
      const failures = [...services.values()].map((service) => service.next('failed', (seconds + 60) * 1000))
      const driven = drive(port, traffic, startMs, signal, (visit) => visits.push(visit))
      const failed = await Promise.race([driven, ...failures])
      if (failed) throw new Error(failed.message)
    } finally {
      for (const timer of timers) clearTimeout(timer)
      seconder.stop()
    }
    signal.throwIfAborted()
    seconder.rest()

    const witnesses: string[] = []
    for (const service of services.values()) {
      const final = service.next('final', 5000)
      service.send({ type: 'stop' })
      witnesses.push(...(await final).witnesses)
    }
    const half = { report: report(visits, guarded, seconds, breakAtMs, repairAtMs), log, witnesses }
    await keepUp?.(half)
    return half
  } finally {
    await Promise.all([...services.values()].map((service) => service.end()))
  }
}

function at(ms: number, then: () => void): NodeJS.Timeout {
  return setTimeout(then, Math.max(0, ms - monotonicMs()))
}

/** Tells each second once all of its visits have ended, and then what happened in it. */
function tellSeconds(
  visits: readonly Visit[],
  log: readonly LogLine[],
  startMs: number,
  { seconds, onSecond, onLog }: HalfOptions,
): { stop(): void; rest(): void } {
  let told = 0
  const next = (): void => {
    const [fromMs, toMs] = [told * 1000, (told + 1) * 1000]
    const within = ({ atMs }: { readonly atMs: number }): boolean => atMs >= fromMs && atMs < toMs
    onSecond(told, share(visits.filter(within)))
    for (const line of log.filter(within).sort((a, b) => a.atMs - b.atMs)) onLog(line)
    told++
  }
  const timer = setInterval(() => {
    if (told < seconds && monotonicMs() - startMs > (told + 1) * 1000 + LOAD.patienceMs + 100) next()
  }, 100)
  return {
    stop: () => clearInterval(timer),
    rest: () => {
      while (told < seconds) next()
    },
  }
}
