import { Agent } from 'undici'
import { monotonicMs } from '../clock.js'
import { exponential, random } from '../load/random.js'
import { LOAD, ROUTES, type Route } from './topology.js'

/** One request of a user. */
export interface Visit {
  /** When it was meant to leave, in ms from the start. */
  readonly atMs: number
  readonly route: Route
  readonly served: boolean
  /** Where it was not: what the service said, or that the user left. */
  readonly why: string
  /** From the moment it was meant to leave, at most the user's patience. */
  readonly latencyMs: number
}

/** The seeded traffic: arrivals are Poisson, routes by their share. */
export function buildTraffic(seconds: number, seed: number): { atMs: number; route: Route; id: number }[] {
  const draw = random(seed, 'cascade')
  const visits: { atMs: number; route: Route; id: number }[] = []
  for (let atMs = 0; ; ) {
    atMs += exponential(draw, LOAD.requestsPerSecond) * 1000
    if (atMs >= seconds * 1000) return visits
    visits.push({ atMs, route: pick(draw()), id: Math.floor(draw() * 10_000) })
  }
}

function pick(share: number): Route {
  let left = share
  for (const [route, { share }] of Object.entries(ROUTES)) {
    left -= share
    if (left < 0) return route as Route
  }
  return 'browse'
}

/**
 * Sends the traffic, open loop: a request leaves when it is due, however slow the answers are. A user has left after
 * `LOAD.patienceMs`: the connection is closed, and the request counts as not served.
 */
export async function drive(
  port: number,
  traffic: readonly { atMs: number; route: Route; id: number }[],
  startMs: number,
  signal: AbortSignal,
  onVisit: (visit: Visit) => void,
): Promise<void> {
  const agent = new Agent({ connections: LOAD.usersMax, pipelining: 1, keepAliveTimeout: 60_000 })
  const origin = `http://127.0.0.1:${port}`
  const users = new Set<Promise<void>>()

  const visit = async (due: { atMs: number; route: Route; id: number }): Promise<void> => {
    const leavesMs = startMs + due.atMs + LOAD.patienceMs - monotonicMs()
    const gone = new AbortController()
    const timer = setTimeout(() => gone.abort(), Math.max(0, leavesMs))
    let why = 'the user left'
    try {
      const path = ROUTES[due.route].path(due.id)
      const { statusCode, body } = await agent.request({ origin, path, method: 'GET', signal: gone.signal })
      const text = await body.text()
      why = statusCode === 200 ? '' : whyOf(text)
    } catch (error) {
      if (!gone.signal.aborted) why = (error as { code?: string }).code ?? String(error)
    }
    clearTimeout(timer)
    const latencyMs = Math.min(LOAD.patienceMs, monotonicMs() - startMs - due.atMs)
    if (latencyMs >= LOAD.patienceMs) why = 'the user left'
    onVisit({ atMs: due.atMs, route: due.route, served: why === '', why, latencyMs })
  }

  try {
    for (let next = 0; next < traffic.length && !signal.aborted; ) {
      const nowMs = monotonicMs() - startMs
      for (; next < traffic.length && (traffic[next]?.atMs ?? 0) <= nowMs; next++) {
        const due = traffic[next]
        if (due === undefined) break
        if (users.size >= LOAD.usersMax) {
          onVisit({
            atMs: due.atMs,
            route: due.route,
            served: false,
            why: 'too many users',
            latencyMs: LOAD.patienceMs,
          })
          continue
        }
        const user: Promise<void> = visit(due).finally(() => users.delete(user))
        users.add(user)
      }
      const untilMs = (traffic[next]?.atMs ?? 0) - (monotonicMs() - startMs)
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, Math.min(20, untilMs))))
    }
    if (!signal.aborted) await Promise.all(users)
  } finally {
    await agent.destroy()
    await Promise.all(users)
  }
}

const WARM_WITHIN_MS = 15_000
/** Warm is what answers each of this many requests in a row in a tenth of a user's patience. */
const WARM_STREAK = 40

/** Asks for every route, one at a time, until the processes have compiled their code and opened connections. */
export async function warmUp(port: number, signal: AbortSignal): Promise<void> {
  const agent = new Agent({ connections: 1, pipelining: 1 })
  const origin = `http://127.0.0.1:${port}`
  const routes = Object.values(ROUTES)
  const untilMs = monotonicMs() + WARM_WITHIN_MS
  let streak = 0
  try {
    for (let i = 0; streak < WARM_STREAK && monotonicMs() < untilMs; i++) {
      const sentMs = monotonicMs()
      const path = routes[i % routes.length]?.path(i) ?? '/'
      const { statusCode, body } = await agent.request({ origin, path, method: 'GET', signal })
      await body.dump()
      streak = statusCode === 200 && monotonicMs() - sentMs < LOAD.patienceMs / 10 ? streak + 1 : 0
    }
  } finally {
    await agent.destroy()
  }
}

/** A refusal of the entrance says its reason in JSON, the services in a line. */
function whyOf(text: string): string {
  try {
    return `gateway: ${(JSON.parse(text) as { reason: string }).reason}`
  } catch {
    return text.slice(0, 60)
  }
}
