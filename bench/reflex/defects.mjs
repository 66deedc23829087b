// Nine defects that are alive in breakers people use: who has them. Each scenario says true where the defect shows.

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const hang = () => new Promise(() => {})
const boom = async () => {
  throw new Error('boom')
}
const settles = async (promise, ms = 50) =>
  (await Promise.race([
    promise.then(
      () => 1,
      () => 1,
    ),
    sleep(ms),
  ])) === 1

/** Whether a call gets through within half a second, tried now and then. */
async function recovers(call) {
  const isOne = (value) => value === 1
  for (let i = 0; i < 10; i++) {
    if (await Promise.race([call().then(isOne, () => false), sleep(50)])) return true
    await sleep(25)
  }
  return false
}

/** Whether the success of a call that was made before the circuit opened closes it. */
async function closedByOld(call, isClosed) {
  const [early, settle] = pending()
  const old = call(() => early)
  await call(boom).catch(() => {})
  settle.well()
  await old.catch(() => {})
  return isClosed()
}

/** Whether the failure of a call that was made before the circuit opened, and recovered, opens it again. */
async function openedByOld(call, isOpen) {
  await sleep(40)
  await call(async () => 1).catch(() => {})
  const [early, settle] = pending()
  const old = call(() => early)
  await call(boom).catch(() => {})
  await sleep(40)
  await call(async () => 1)
  settle.badly()
  await old.catch(() => {})
  return isOpen()
}

function pending() {
  const settle = {}
  const promise = new Promise((yes, no) => {
    settle.well = () => yes(1)
    settle.badly = () => no(new Error('late'))
  })
  return [promise, settle]
}

/**
 * Whether so many times the window of 50 costs more than three times as much. The least of `turns` counts, since what else runs only adds; the
 * first turns but one that show the same cost are enough, since a cost that grows never shows it; the very first warms up.
 */
async function grows(cost, { turns = 3, window = 5000 } = {}) {
  let [small, large] = [Infinity, Infinity]
  for (let turn = 0; turn < turns; turn++) {
    small = Math.min(small, await cost(50))
    large = Math.min(large, await cost(window))
    if (turn > 0 && large <= 3 * small) return false
  }
  return true
}

/** Lets `work` see a wall clock that is off by so much. */
async function shifted(ms, work) {
  const now = Date.now
  Date.now = () => now() + ms
  try {
    return await work()
  } finally {
    Date.now = now
  }
}

const ours = ({ breaker, protect }) => {
  const strict = (options) =>
    breaker({ jitter: 0, failureRate: false, probes: 1, openFor: '20ms', openForMax: '20ms', ...options })
  return {
    'slow calls in flight go unnoticed': async () => {
      const circuit = strict({ slow: '10ms', slowRate: 0.5, minimumCalls: 5 })
      for (let i = 0; i < 10; i++) void circuit.try(hang)
      await sleep(30)
      return circuit.state === 'closed'
    },
    'a hung probe wedges the circuit': async () => {
      const circuit = strict({ consecutive: 1, lease: '20ms' })
      await circuit.try(boom)
      await sleep(30)
      void circuit.try(hang)
      return !(await recovers(() => circuit.execute(async () => 1)))
    },
    'a result of an earlier era counts': async () => {
      const circuit = strict({ consecutive: 1 })
      const call = (work) => circuit.execute(work)
      return (
        (await closedByOld(call, () => circuit.state === 'closed')) || openedByOld(call, () => circuit.state === 'open')
      )
    },
    'an idle hour stays in the window': async () => {
      let now = 0
      const circuit = breaker({ clock: { nowUs: () => now }, window: '10s', minimumCalls: 5 })
      for (let i = 0; i < 4; i++) await circuit.try(boom)
      now = 3600e6
      await circuit.try(boom)
      return circuit.state !== 'closed'
    },
    'one failure opens a fresh circuit': async () => {
      const f = protect('fresh', boom, { breaker: {} })
      await f.try()
      return f.policies.breaker.state !== 'closed'
    },
    'refusals for capacity count as failures': async () => {
      const f = protect('busy', hang, { breaker: { minimumCalls: 5 }, bulkhead: 1 })
      for (let i = 0; i < 20; i++) await settles(f.try(), 1)
      return f.policies.breaker.explain().failures > 0
    },
    'a wall clock stepping back keeps it open': async () => {
      const circuit = strict({ consecutive: 1 })
      await circuit.try(boom)
      return shifted(-3_600_000, async () => {
        await sleep(40)
        return circuit.state === 'open'
      })
    },
    'the cost of a failure grows with the window': async () => {
      const cost = (calls) => {
        // Filled and turned over before it is timed, which leaves out what the first use of its memory costs.
        const circuit = strict({ window: { calls }, failures: 1_000_000 })
        const fail = (times) => {
          for (let i = 0; i < times; i++) circuit.fail(circuit.tryAcquire())
        }
        fail(calls + 1000)
        const start = performance.now()
        fail(20_000)
        return performance.now() - start
      }
      return grows(cost, { turns: 100, window: 50_000 })
    },
    'times that go back underflow': async () => {
      let now = 60e6
      const circuit = breaker({ clock: { nowUs: () => now }, slow: '1s', consecutive: 2, failureRate: false })
      const permit = circuit.tryAcquire()
      now = -5
      circuit.succeed(permit)
      return circuit.state !== 'closed' || circuit.explain().slow !== 0
    },
  }
}

const cockatiel = (c) => {
  const make = (breaker, halfOpenAfter = 20) => c.circuitBreaker(c.handleAll, { halfOpenAfter, breaker })
  const trip = (policy) => policy.execute(boom).catch(() => {})
  return {
    'slow calls in flight go unnoticed': async () => {
      const policy = make(new c.SamplingBreaker({ threshold: 0.5, duration: 1000, minimumRps: 1 }))
      for (let i = 0; i < 10; i++) void policy.execute(hang)
      await sleep(30)
      return policy.state === c.CircuitState.Closed
    },
    'a hung probe wedges the circuit': async () => {
      const policy = make(new c.ConsecutiveBreaker(1))
      await trip(policy)
      await sleep(30)
      void policy.execute(hang)
      return !(await recovers(() => policy.execute(async () => 1)))
    },
    'a result of an earlier era counts': async () => {
      const policy = make(new c.ConsecutiveBreaker(1))
      const call = (work) => policy.execute(work)
      const { Closed, Open } = c.CircuitState
      return (await closedByOld(call, () => policy.state === Closed)) || openedByOld(call, () => policy.state === Open)
    },
    'one failure opens a fresh circuit': async () => {
      const policy = make(new c.SamplingBreaker({ threshold: 0.5, duration: 10_000 }))
      await trip(policy)
      return policy.state !== c.CircuitState.Closed
    },
    'refusals for capacity count as failures': async () => {
      const circuit = make(new c.ConsecutiveBreaker(5), 3_600_000)
      const policy = c.wrap(circuit, c.bulkhead(1))
      for (let i = 0; i < 20; i++) await settles(policy.execute(hang), 1)
      return circuit.state !== c.CircuitState.Closed
    },
    'the cost of a failure grows with the window': async () => {
      if (c.CountBreaker === undefined) return undefined
      const cost = async (size) => {
        const policy = make(new c.CountBreaker({ threshold: 0.999, size, minimumNumberOfCalls: size }), 3_600_000)
        for (let i = 0; i < size / 2; i++) await policy.execute(async () => 1)
        const start = performance.now()
        for (let i = 0; i < 500; i++) await trip(policy)
        return performance.now() - start
      }
      return grows(cost)
    },
    'an idle hour stays in the window': async () => {
      const policy = make(new c.SamplingBreaker({ threshold: 0.5, duration: 10_000, minimumRps: 0.5 }))
      for (let i = 0; i < 4; i++) await trip(policy)
      return shifted(3_600_000, async () => {
        await trip(policy)
        return policy.state !== c.CircuitState.Closed
      })
    },
    'a wall clock stepping back keeps it open': async () => {
      const policy = make(new c.ConsecutiveBreaker(1))
      await trip(policy)
      return shifted(-3_600_000, async () => {
        await sleep(40)
        return policy
          .execute(async () => 1)
          .then(
            () => false,
            () => true,
          )
      })
    },
  }
}

const opossum = (Opossum) => {
  const make = (fn, options) => new Opossum(fn, { timeout: false, resetTimeout: 20, ...options })
  const fire = (circuit, ...args) => circuit.fire(...args).catch(() => {})
  return {
    'slow calls in flight go unnoticed': async () => {
      const circuit = make(hang)
      for (let i = 0; i < 10; i++) void circuit.fire()
      await sleep(30)
      return circuit.closed
    },
    'a hung probe wedges the circuit': async () => {
      const circuit = make((work) => work())
      await fire(circuit, boom)
      await sleep(30)
      void circuit.fire(hang)
      return !(await recovers(() => circuit.fire(async () => 1)))
    },
    'a result of an earlier era counts': async () => {
      const circuit = make((work) => work())
      const call = (work) => circuit.fire(work)
      return (await closedByOld(call, () => circuit.closed)) || openedByOld(call, () => circuit.opened)
    },
    'a wall clock stepping back keeps it open': async () => {
      const circuit = make((work) => work())
      await fire(circuit, boom)
      return shifted(-3_600_000, async () => {
        await sleep(40)
        return circuit
          .fire(async () => 1)
          .then(
            () => false,
            () => true,
          )
      })
    },
    'one failure opens a fresh circuit': async () => {
      const circuit = make(boom)
      await fire(circuit)
      return circuit.opened
    },
    'refusals for capacity count as failures': async () => {
      const circuit = make(hang, { capacity: 1, volumeThreshold: 1e9 })
      for (let i = 0; i < 20; i++) await settles(circuit.fire(), 1)
      return circuit.stats.failures > 0
    },
    'the cost of a failure grows with the window': async () => {
      const cost = async (rollingCountBuckets) => {
        const circuit = make(boom, { rollingCountBuckets, rollingCountTimeout: 10_000_000, volumeThreshold: 1e9 })
        const start = performance.now()
        for (let i = 0; i < 50; i++) await fire(circuit)
        circuit.shutdown()
        return performance.now() - start
      }
      return grows(cost)
    },
  }
}

/** Prints who has which. Gives what was found: by defect and name, whether it shows. */
export async function defects(facade, { cockatiels, opossums }) {
  const all = { homeostat: ours(facade) }
  for (const [name, peer] of Object.entries(cockatiels)) all[name] = cockatiel(peer)
  for (const [name, peer] of Object.entries(opossums)) all[name] = opossum(peer)
  const table = {}
  for (const defect of Object.keys(all.homeostat)) {
    const found = []
    for (const [name, scenarios] of Object.entries(all)) {
      const shows = await scenarios[defect]?.()
      table[defect] = { ...table[defect], [name]: shows }
      found.push(`${name} ${shows === undefined ? '-' : shows ? 'HAS IT' : 'ok'}`)
    }
    process.stdout.write(`${defect.padEnd(46)} ${found.join('   ')}\n`)
  }
  return table
}
