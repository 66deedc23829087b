/**
 * A service to look at: a tuner of four knobs whose traffic changes, components that fall over once and come back, queues, kernels and
 * a fleet. Driven by a clock of its own, so that an hour of it takes a second and is the same every time. `parts`: the package,
 * from its sources or as it is built.
 */
const WINDOW_MS = 1000
const TIERS = [1, 3, 22, 9, 40]
/** Tuners beside the one that is looked at: what is best for each lies elsewhere. */
const OTHERS = [
  { name: 'orders', best: 12 },
  { name: 'search', best: 90 },
  { name: 'mail', best: 200 },
  { name: 'images', best: 30 },
]

/** Chance, the same every time. */
function chances(seed) {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

export async function showcase(parts, { windows = 0, options = {}, tuner: more = {}, others = 0 } = {}) {
  const { homeostat, knob, signal, reflex, queue, server, fakeClock } = parts
  const clock = fakeClock(1_000_000)
  const chance = chances(7)
  const tuner = await homeostat({
    name: 'catalog',
    seed: 7,
    clock,
    tick: 'manual',
    controlSignal: false,
    mode: 'auto',
    window: `${WINDOW_MS}ms`,
    knobs: {
      ttl: knob.duration({ min: '10s', max: '900s', initial: '300s', scale: 'log' }),
      concurrency: knob.integer({ min: 4, max: 256, initial: 32, scale: 'log' }),
      buffer: knob.bytes({ min: '16KiB', max: '4MiB', initial: '256KiB', scale: 'log' }),
      linger: knob.duration({ min: '0ms', max: '50ms', initial: '10ms' }),
    },
    signals: { latency: signal.duration(), miss: signal.ratio() },
    minimize: (m) => m.miss * 10 + m.latency.mean / 20,
    constraints: { 'latency.p99': { max: '400ms' } },
    ...more,
  })
  const beside = []
  for (const { name, best } of OTHERS.slice(0, others))
    beside.push({ best, tuner: await homeostat(besideOf(parts, clock, name)) })
  // Calls have a time of their own: what they do with it is no gap in the windows.
  const callTime = fakeClock(1_000_000)
  const watching = reflex({ clock: callTime, tick: 'manual', seed: 1 })
  const mail = queue({ depth: 200, clock })
  TIERS.forEach((count, tier) => {
    for (let i = 0; i < count; i++) mail.enqueue({ i }, { tier })
  })
  const operations = await server({
    tuners: [tuner, ...beside.map((one) => one.tuner)],
    reflex: watching,
    queues: { mail },
    sections: { kernels: () => KERNELS, fleet: () => FLEET },
    ...options,
  })

  /** One window: what the traffic of this minute makes of the present values. */
  const window = () => {
    const minute = clock.nowUs() / 60e6
    const best = minute % 24 < 12 ? 90_000 : 420_000
    for (let tick = 0; tick < 5; tick++) {
      clock.advance(WINDOW_MS / 5)
      const { ttl, concurrency, linger } = tuner.knobs
      const off = Math.log(ttl / best) ** 2 * 0.05 + Math.log(concurrency / 60) ** 2 * 0.03
      for (let i = 0; i < 12; i++) {
        tuner.signals.miss(chance() < Math.min(0.9, 0.08 + off))
        tuner.signals.latency(20 + 60 * chance() ** 3 + linger + 30 * Math.abs(Math.log(concurrency / 60)))
      }
      tuner.tick()
      for (const one of beside) {
        const far = Math.abs(Math.log(one.tuner.knobs.concurrency / one.best))
        for (let i = 0; i < 12; i++) one.tuner.signals.latency(10 + 20 * chance() ** 3 + 15 * far)
        one.tuner.tick()
      }
    }
  }
  const play = (count) => {
    for (let i = 0; i < count; i++) window()
  }
  play(windows)
  calls(watching, callTime)
  const close = async () => {
    await operations.close()
    await tuner.close()
    for (const one of beside) await one.tuner.close()
    await watching.close()
    mail.close()
  }
  return { tuner, others: beside.map((one) => one.tuner), clock, watching, mail, operations, play, close }
}

const besideOf = ({ knob, signal }, clock, name) => ({
  name,
  seed: 7,
  clock,
  tick: 'manual',
  controlSignal: false,
  mode: 'auto',
  window: `${WINDOW_MS}ms`,
  knobs: { concurrency: knob.integer({ min: 4, max: 256, initial: 64, scale: 'log' }) },
  signals: { latency: signal.duration() },
  minimize: (m) => m.latency.mean,
  constraints: { 'latency.p99': { max: '200ms' } },
})

/** Calls that go well, then a database that takes others down with it, then a recovery. */
function calls(watching, clock) {
  const of = (name) => watching.component(name)
  const pairs = [
    ['catalog', 'database'],
    ['auth', 'database'],
    ['gateway', 'catalog'],
    ['gateway', 'auth'],
    ['web', 'gateway'],
    ['catalog', 'search'],
    ['gateway', 'payments'],
  ]
  const round = (outcome, chosen) => {
    for (const [from, to] of chosen) {
      watching.events.call(of(from), of(to))
      const error = outcome === 'failed' ? [Object.assign(new Error('down'), { code: 'ECONNREFUSED' })] : []
      watching.events.callReturn(of(from), of(to), 0, outcome, 900, ...error)
    }
  }
  for (let i = 0; i < 30; i++) round('ok', pairs)
  watching.tick()
  for (let story = 0; story < 2; story++) {
    for (let part = 0; part < 2; part++) {
      for (let i = 0; i < 20; i++) {
        for (const pair of pairs.slice(0, 5)) round('failed', [pair])
        clock.advance(15)
      }
      watching.tick()
    }
    for (let i = 0; i < (story === 0 ? 900 : 60); i++) {
      clock.advance(100)
      for (const name of ['web', 'gateway', 'auth', 'catalog', 'database', 'search', 'payments']) {
        const one = of(name)
        const permit = one.tryAcquire(0)
        if (permit > 0) one.succeed(permit)
      }
      watching.tick()
    }
  }
}

const KERNELS = [
  {
    kernel: 'matmul 512×512×512 + bias + gelu',
    lifecycle: 'active',
    tags: ['f32', 'tiled', 'workgroup 16×16'],
    speedup: 7.4,
    gflops: 612,
    'max error': 3.1e-6,
  },
  {
    kernel: 'layernorm 2048',
    lifecycle: 'probation',
    tags: ['f32', 'subgroups'],
    speedup: 2.9,
    gflops: 41,
    'max error': 8.8e-7,
  },
  { kernel: 'softmax 4096', lifecycle: 'candidate', tags: ['f16'], speedup: 1.2, gflops: 28, 'max error': 4.2e-4 },
  {
    kernel: 'conv2d 3×3 64→128',
    lifecycle: 'rejected',
    tags: ['f16', 'im2col'],
    speedup: 0.8,
    gflops: 95,
    'max error': 0.02,
  },
]
const FLEET = {
  epoch: 12,
  members: [
    {
      member: 'catalog-7d9f-1',
      role: 'leader',
      state: 'healthy',
      generation: 41,
      arm: 'baseline',
      'last seen': '0.4 s',
    },
    {
      member: 'catalog-7d9f-2',
      role: 'replica',
      state: 'healthy',
      generation: 41,
      arm: 'candidate',
      'last seen': '0.7 s',
    },
    {
      member: 'catalog-7d9f-3',
      role: 'replica',
      state: 'canary',
      generation: 42,
      arm: 'candidate',
      'last seen': '0.2 s',
    },
    { member: 'catalog-7d9f-4', role: 'replica', state: 'gone', generation: 39, arm: '', 'last seen': '48 s' },
  ],
}
