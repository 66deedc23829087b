// What is timed: each row beside its rivals, in the same rounds of one process.

const fn = async (x) => x + 1
const SAMPLES = 2000
const BACKLOG = 50_000

/** The least that a ring can be: a place to write and a head that outlives the call. Times in the requirement are scaled by it. */
function plainRing() {
  const values = new Float64Array(1 << 20)
  const mask = (1 << 20) - 1
  let head = 0
  return (value) => {
    values[head & mask] = value
    head = (head + 1) | 0
  }
}

const sync = (n, each) => ({
  n,
  run(count) {
    for (let i = 0; i < count; i++) each(i)
  },
})
const calls = (n, each) => ({
  n,
  async run(count) {
    for (let i = 0; i < count; i++) await each(i)
  },
})
const refusals = (n, each) => ({
  n,
  async run(count) {
    for (let i = 0; i < count; i++) {
      try {
        await each(i)
      } catch {}
    }
  },
})

const samplingBreaker = (cockatiel) =>
  cockatiel.circuitBreaker(cockatiel.handleAll, {
    halfOpenAfter: 3_600_000,
    breaker: new cockatiel.SamplingBreaker({ threshold: 0.5, duration: 30_000, minimumRps: 1 }),
  })

/** The protected call, closed: rates over time, slow calls and their detection in flight are on. */
export function closedCalls({ protect, reflex }, peers) {
  const watching = { slow: '1s' }
  const alone = protect('alone', fn, { breaker: watching })
  const watched = protect('watched', fn, { breaker: watching, reflex: reflex({ tick: 'manual' }) })
  const tasks = {
    'call, no protection': calls(SAMPLES, fn),
    'call, homeostat': calls(SAMPLES, alone),
    'call, homeostat, outcome': calls(SAMPLES, alone.try),
    'call, homeostat in a reflex': calls(SAMPLES, watched),
  }
  for (const [name, cockatiel] of Object.entries(peers.cockatiels)) {
    const policy = samplingBreaker(cockatiel)
    tasks[`call, ${name}`] = calls(SAMPLES, (i) => policy.execute(() => fn(i)))
  }
  for (const [name, Opossum] of Object.entries(peers.opossums)) {
    const circuit = new Opossum(fn, { timeout: false })
    tasks[`call, ${name}`] = calls(SAMPLES / 4, (i) => circuit.fire(i))
  }
  return tasks
}

export function refusedCalls({ protect }, peers) {
  const circuit = protect('open', fn, { breaker: { openFor: '1h', openForMax: '1h' } })
  circuit.policies.breaker.open()
  const tasks = {
    'refusal, homeostat, outcome': calls(SAMPLES, circuit.try),
    'refusal, homeostat, thrown': refusals(SAMPLES / 10, circuit),
  }
  for (const [name, cockatiel] of Object.entries(peers.cockatiels)) {
    const policy = samplingBreaker(cockatiel)
    policy.isolate()
    tasks[`refusal, ${name}`] = refusals(SAMPLES / 10, (i) => policy.execute(() => fn(i)))
  }
  for (const [name, Opossum] of Object.entries(peers.opossums)) {
    const circuit = new Opossum(fn, { timeout: false })
    circuit.open()
    tasks[`refusal, ${name}`] = refusals(SAMPLES / 10, (i) => circuit.fire(i))
  }
  return tasks
}

/** A permit and its result, without a promise; `targets`: the façade over each core. */
export function permits(targets) {
  const tasks = { 'plain ring write': sync(1e5, plainRing()), 'clock read': sync(1e4, () => performance.now()) }
  for (const [target, { breaker, limiter, reflex }] of Object.entries(targets)) {
    const circuit = breaker({ slow: '1s' })
    const component = reflex({ tick: 'manual' }).component('payments', { slow: '1s' })
    const limit = limiter()
    let now = 0
    tasks[`permit and result, ${target}`] = sync(1e4, () => {
      now++
      circuit.succeed(circuit.tryAcquire(2, now), now)
    })
    tasks[`permit and result with two clock reads, ${target}`] = sync(1e4, () => circuit.succeed(circuit.tryAcquire()))
    tasks[`permit and result in a reflex, ${target}`] = sync(1e4, () => {
      now++
      component.succeed(component.tryAcquire(2, now), now)
    })
    tasks[`permit and result of a limiter, ${target}`] = sync(1e4, () => {
      now++
      limit.served(limit.tryAcquire(now), now)
    })
  }
  return tasks
}

/** A failure with windows of 50 and of 50,000; opossum's window is of time, in as many buckets. */
export function failures({ breaker }, peers) {
  const tasks = {}
  for (const size of [50, 50_000]) {
    const circuit = breaker({ window: { calls: size }, failureRate: false, slow: '1s', openForMax: '1h' })
    tasks[`failure at a window of ${size}, homeostat`] = sync(4000, (i) =>
      circuit.fail(circuit.tryAcquire(2, i), undefined, i),
    )
    for (const [name, Opossum] of Object.entries(peers.opossums)) {
      const peer = new Opossum(() => Promise.reject(new Error('down')), {
        timeout: false,
        volumeThreshold: Number.MAX_SAFE_INTEGER,
        rollingCountBuckets: size,
        rollingCountTimeout: 10_000_000,
      })
      tasks[`failure at a window of ${size}, ${name}`] = {
        ...refusals(size > 1000 ? 2 : 20, () => peer.fire()),
        // Its own timer goes through all buckets, whether it is called or not.
        end: () => peer.shutdown(),
      }
    }
  }
  return tasks
}

/** An event written, with nothing drained while it is timed. */
export function events({ reflex }) {
  const watching = reflex({ tick: 'manual', ring: 65_536 })
  const [caller, callee] = [watching.component('caller'), watching.component('callee')]
  let now = 0
  return {
    'structural event': {
      ...sync(20_000, () => watching.events.call(caller, callee, 7, ++now)),
      before: () => watching.events.drain(),
    },
  }
}

/** One more at a backlog: for items, and for work that waits for its turn; the rivals' way is the latter. */
export function backlogs({ queue, scheduler }, { PQueue, Bottleneck }) {
  const forever = () => new Promise(() => {})
  const depth = 2 * BACKLOG
  const tasks = {}
  for (const backlog of [50, BACKLOG]) {
    const items = queue({ depth })
    const bounded = scheduler({ depth, concurrency: 1 })
    const peer = new PQueue({ concurrency: 1 })
    const bottleneck = new Bottleneck({ maxConcurrent: 1 })
    const work = () => 1
    bounded.try(forever)
    peer.add(forever)
    bottleneck.schedule(forever)
    for (let i = 0; i < backlog; i++) {
      items.enqueue(i)
      bounded.try(work)
      peer.add(work)
      if (backlog < 1000) bottleneck.schedule(work)
    }
    // As many leave as came, so that the backlog stays what it is; only coming is timed, so only that is done in a row.
    const at = `enqueue at a backlog of ${backlog}`
    const n = 1000
    let tickets = []
    tasks[`${at}, item`] = {
      n,
      run(count) {
        for (let i = 0; i < count; i++) tickets.push(items.enqueue(i).ticket)
      },
      before() {
        for (const ticket of tickets) items.cancel(ticket)
        tickets = []
      },
    }
    // All alike, and staying: over all rounds the backlog grows by a few thousand.
    tasks[`${at}, call`] = sync(100, () => void bounded.try(work))
    tasks[`${at}, p-queue`] = sync(20, () => void peer.add(work))
    // Of tiers that differ, which is what such a queue is for.
    tasks[`${at}, call of any tier`] = sync(100, (i) => void bounded.try(work, { tier: 1 + (i % 4) }))
    tasks[`${at}, p-queue, any priority`] = sync(20, (i) => void peer.add(work, { priority: i % 4 }))
    if (backlog < 1000) tasks[`${at}, bottleneck`] = sync(20, () => void bottleneck.schedule(work))
  }
  return tasks
}
