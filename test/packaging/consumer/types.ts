import { homeostat, knob, signal } from 'homeostat'
import { guard as expressGuard } from 'homeostat/express'
import { guard as fastifyGuard } from 'homeostat/fastify'
import { queue, shedder } from 'homeostat/flow'
import { guard as honoGuard } from 'homeostat/hono'
import { abortable, detector, type Outcome, protect, type Regression, reflex } from 'homeostat/resilience'
import { createSolver, minimize } from 'homeostat/solver'
import { interceptor } from 'homeostat/undici'

export async function typed(): Promise<number> {
  const tuner = await homeostat({
    name: 'typed',
    knobs: { ttl: knob.duration({ min: '30s', max: '900s', initial: '300s', scale: 'log' }) },
    signals: { latency: signal.duration() },
    minimize: (m) => m.latency.p99,
  })
  // @ts-expect-error a knob that was not declared does not compile
  tuner.knobs.tll
  // @ts-expect-error a signal that was not declared does not compile
  tuner.signals.latencies(1)
  const ttl: number = tuner.knobs.ttl
  await tuner.close()
  return ttl
}

export async function solved(): Promise<number> {
  const space = { lr: knob.number({ min: 1e-5, max: 1, scale: 'log' }), kind: knob.choice({ choices: ['a', 'b'] }) }
  const best = await minimize(async ({ lr, kind }) => (kind === 'a' ? lr : 1), { space, budget: 3 })
  // @ts-expect-error a knob that was not declared does not compile
  await minimize(({ rl }) => rl, { space })
  // @ts-expect-error a knob of a live tuner needs an initial value
  homeostat({ name: 'x', knobs: space, signals: { latency: signal.duration() }, minimize: () => 1 })
  const solver = createSolver({ space })
  const kind: 'a' | 'b' = solver.ask().params.kind
  solver.close()
  return best.params.lr + kind.length
}

export async function guarded(): Promise<number> {
  const fetching = protect(
    'items',
    abortable(async ({ signal }, id: number) => (signal.aborted ? '' : `${id}`)),
    { breaker: {} },
  )
  // @ts-expect-error the parameters are those of the function
  void fetching('1')
  const outcome: Outcome<string> = await fetching.try(1)
  const waiting = queue<{ id: number }>({ depth: 5 })
  // @ts-expect-error the items are of one type
  waiting.enqueue(5)
  return outcome.ok ? outcome.value.length : outcome.retryAfterMs
}

export function adapted(): number {
  const watching = reflex()
  const options = { reflex: watching, routes: { 'GET /items/:id': 1 }, shedder: shedder({ capacity: 1 }) }
  const guards = [expressGuard(options), fastifyGuard(options), honoGuard(options)]
  // @ts-expect-error a tier is a number
  expressGuard({ reflex: watching, tier: 'normal' })
  // @ts-expect-error without a reflex there is nothing to watch with
  interceptor({})
  interceptor({ reflex: watching, tier: ({ path }) => (path === '/' ? 0 : 2) })
  const regression: Regression | undefined = detector().record(1)
  return guards.reduce((sum, { stats }) => sum + stats.inFlight, regression?.medianNowUs ?? 0)
}
