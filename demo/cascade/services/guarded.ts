import { guard } from 'homeostat/fastify'
import { abortable, type Failure, protect, recorder, reflex } from 'homeostat/resilience'
import { monotonicMs } from '../../clock.js'
import { PROTECTION, ROUTES } from '../topology.js'
import type { Ask, CallPolicy, Guard, Tell } from './guard.js'
import { UpstreamError } from './upstream.js'

/** All routes are one component, the one that calls the neighbours: so the reflex knows where requests come in. */
const GATEWAY_ROUTES = Object.fromEntries(
  Object.entries(ROUTES).map(([route, { tier }]) => [`/${route}/:id`, { name: 'gateway', tier }]),
)

/** What a call under protection failed by: the neighbour's own error, else the refusal. */
function errorOf(name: string, { reason, error }: Failure): Error {
  if (reason === 'failed' && error instanceof Error) return error
  return new UpstreamError(`${name}: ${reason}`, 503)
}

/** An answer below 500 was one. */
const isFailure = (error: unknown): boolean => !(error instanceof UpstreamError) || error.status >= 500

/**
 * Auth and catalogue: each protects its calls by itself, without asking anybody, and tells the gateway's reflex what happened, as
 * structural events.
 */
export function serviceGuard(tell: Tell): Guard {
  const events = recorder()
  setInterval(() => {
    const batch = events.take({ json: true })
    if (batch !== undefined) tell({ type: 'events', batch })
  }, PROTECTION.eventsEveryMs).unref()

  const call = (name: string, ask: Ask, { timeoutMs, concurrent, caller = 'service' }: CallPolicy) => {
    const asked = protect(
      name,
      abortable(({ signal }, path: string) => ask(path, signal)),
      {
        breaker: PROTECTION.breaker,
        bulkhead: { concurrent, queue: PROTECTION.queue },
        timeout: timeoutMs,
        isFailure,
      },
    )
    const [from, to] = [events.component(caller), events.component(name)]
    return async (path: string): Promise<string> => {
      events.call(from, to)
      const sinceMs = monotonicMs()
      const outcome = await asked.try(path)
      const latencyUs = Math.max(1, (monotonicMs() - sinceMs) * 1000)
      if (outcome.ok) {
        events.callReturn(from, to, 0, 'ok', latencyUs)
        return outcome.value
      }
      const went = outcome.reason === 'failed' || outcome.reason === 'timeout'
      events.callReturn(from, to, 0, went ? 'failed' : 'refused', latencyUs, outcome.error ?? { code: outcome.code })
      throw errorOf(name, outcome)
    }
  }
  return { call, final: () => ({ witnesses: [] }) }
}

/** The gateway: its calls are components of a reflex, which sees those of the other processes too, finds cascades and sheds load. */
export function gatewayGuard(tell: Tell): Guard {
  const watch = reflex({ breaker: PROTECTION.breaker, cascade: PROTECTION.cascade })
  const say = (text: string): void => tell({ type: 'log', atMs: monotonicMs(), text })
  watch.on('breaker', ({ component, from, to, cause }) => {
    if (cause !== 'operator') say(`breaker of ${component}: ${from} → ${to} (${cause})`)
  })
  watch.on('cascade', ({ rootCause, affectedCount }) =>
    say(`cascade of ${affectedCount} components, likely root cause: ${rootCause}`),
  )
  watch.on('stage', ({ shedFromTier }) =>
    say(
      shedFromTier > 4 ? 'recovery: nothing is shed any more' : `recovery: load is shed from tier ${shedFromTier} on`,
    ),
  )
  watch.on('recovered', () => say('the cascade is over'))

  const call = (name: string, ask: Ask, { timeoutMs, concurrent }: CallPolicy) => {
    const asked = protect(
      name,
      abortable(({ signal }, path: string) => ask(path, signal)),
      {
        reflex: watch,
        caller: 'gateway',
        bulkhead: { concurrent, queue: PROTECTION.queue },
        timeout: timeoutMs,
        isFailure,
      },
    )
    // A call matters as much as the request that it is for.
    const byTier = [0, 1, 2, 3, 4].map((tier) => asked.with({ tier }))
    return async (path: string, tier = 2): Promise<string> => {
      const outcome = await (byTier[tier] ?? asked).try(path)
      if (outcome.ok) return outcome.value
      throw errorOf(name, outcome)
    }
  }
  return {
    call,
    install: async (app) => {
      await app.register(guard({ reflex: watch, name: 'gateway', routes: GATEWAY_ROUTES, health: '/health' }))
    },
    ingest: (batch) => void watch.ingest(batch),
    final: () => ({ witnesses: watch.witnesses().map((witness) => witness.explain()) }),
  }
}
