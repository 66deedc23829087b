import { Agent, get } from 'node:http'
import { monotonicMs } from '../clock.js'
import { scenario } from '../scenario.js'
import { Judge } from './judge.js'
import { buildSchedule } from './schedule.js'
import { percentile, type SecondReport, Tally } from './tally.js'

export interface DriveOptions {
  /** Ports of the instances on loopback, all of which get every request. */
  readonly ports: readonly number[]
  readonly seconds: number
  readonly seed: number
  /** Start of the run on the monotonic clock. */
  readonly startMs: number
  /** A second is complete: the outcome per instance, in the order of `ports`, and how late the loader itself was. */
  readonly onSecond: (index: number, instances: SecondReport[], lagMs: number) => void
}

export interface DriveResult {
  /** The whole run per instance: rates and percentiles over all requests, `cost` the mean of the seconds. */
  readonly instances: SecondReport[]
  /** 99th percentile and maximum of how late requests were sent, in ms. */
  readonly lagP99Ms: number
  readonly lagMaxMs: number
}

/** Requests before the start that open connections and compile the client's code; they never reach a cache. */
const WARM_UPS = 200

/** Longer than the service may take, so that its own 504 is what counts; only a dead instance runs into this. */
const GIVE_UP_MS = scenario.timeoutMs + 3000

/**
 * Sends the schedule, open loop: a request leaves when the schedule says so, however slow the answers are, and its
 * latency counts from the scheduled time. Every instance gets the same request at the same time; who is first alternates.
 */
export async function drive(options: DriveOptions): Promise<DriveResult> {
  const { ports, seconds, seed, startMs } = options
  const schedule = buildSchedule(scenario, seconds, seed)
  const judge = new Judge(schedule.updates)
  const { atMs, row } = schedule.requests
  const perSecond = Array.from({ length: Math.ceil(seconds) }, () => ports.map(() => new Tally()))
  const pending = new Int32Array(perSecond.length)
  const lags: number[] = []
  const secondLag = new Float64Array(perSecond.length)
  const agents = ports.map(() => new Agent({ keepAlive: true, maxSockets: 2048, scheduling: 'lifo' }))
  let reported = 0
  let next = 0
  const costs = ports.map(() => 0)
  const totals = ports.map(() => new Tally())

  const report = (): void => {
    const nowMs = monotonicMs() - startMs
    while (reported < perSecond.length && nowMs >= (reported + 1) * 1000 && pending[reported] === 0) {
      if (next < atMs.length && (atMs[next] as number) < (reported + 1) * 1000) return
      const tallies = perSecond[reported] as Tally[]
      const reports = tallies.map((tally, i) => {
        totals[i]?.addAll(tally)
        const second = tally.report()
        costs[i] = (costs[i] as number) + second.cost
        return second
      })
      perSecond[reported] = []
      options.onSecond(reported, reports, secondLag[reported] as number)
      reported++
    }
  }

  const send = (index: number): void => {
    const scheduledMs = atMs[index] as number
    const id = row[index] as number
    const second = Math.floor(scheduledMs / 1000)
    const lagMs = monotonicMs() - startMs - scheduledMs
    lags.push(lagMs)
    secondLag[second] = Math.max(secondLag[second] as number, lagMs)
    for (let k = 0; k < ports.length; k++) {
      const instance = (index + k) % ports.length
      pending[second] = (pending[second] as number) + 1
      request(agents[instance] as Agent, ports[instance] as number, id, (answer) => {
        const arrivedMs = monotonicMs() - startMs
        const latencyMs = arrivedMs - scheduledMs
        const stale = answer !== undefined && judge.isStale(id, answer.version, arrivedMs)
        const tally = (perSecond[second] as Tally[])[instance]
        tally?.add({ latencyMs, hit: answer?.hit ?? false, stale, failed: answer === undefined })
        pending[second] = (pending[second] as number) - 1
      })
    }
  }

  for (const [i, port] of ports.entries()) {
    await Promise.all(Array.from({ length: WARM_UPS }, () => warmUp(agents[i] as Agent, port)))
  }
  while (reported < perSecond.length) {
    const nowMs = monotonicMs() - startMs
    while (next < atMs.length && (atMs[next] as number) <= nowMs) send(next++)
    report()
    const untilMs = next < atMs.length ? (atMs[next] as number) - (monotonicMs() - startMs) : 20
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, Math.min(20, untilMs))))
  }
  for (const agent of agents) agent.destroy()
  const sortedLags = Float64Array.from(lags).sort()
  return {
    instances: totals.map((tally, i) => ({ ...tally.report(), cost: (costs[i] as number) / perSecond.length })),
    lagP99Ms: percentile(sortedLags, 0.99),
    lagMaxMs: sortedLags.at(-1) ?? 0,
  }
}

function warmUp(agent: Agent, port: number): Promise<void> {
  return new Promise((resolve) => {
    get({ agent, host: '127.0.0.1', port, path: '/health' }, (response) => response.resume().on('end', resolve)).on(
      'error',
      () => resolve(),
    )
  })
}

/** One request; `undefined` for anything but an answer with a row. */
function request(
  agent: Agent,
  port: number,
  id: number,
  done: (answer: { version: number; hit: boolean } | undefined) => void,
): void {
  let finished = false
  const finish = (answer: { version: number; hit: boolean } | undefined): void => {
    if (finished) return
    finished = true
    done(answer)
  }
  const sent = get({ agent, host: '127.0.0.1', port, path: `/item/${id}`, timeout: GIVE_UP_MS }, (response) => {
    const { statusCode, headers } = response
    const answer =
      statusCode === 200 ? { version: Number(headers['x-version']), hit: headers['x-cache'] === 'hit' } : undefined
    response.resume()
    response.on('end', () => finish(answer))
    response.on('error', () => finish(undefined))
  })
  sent.on('timeout', () => sent.destroy())
  sent.on('error', () => finish(undefined))
}
