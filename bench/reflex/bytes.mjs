// Bytes that an event, and a permit with its result, leave on the heap.
import process from 'node:process'

const OPERATIONS = 60_000
const COUNTS = 12

export function bytes({ breaker, reflex }) {
  if (!globalThis.gc) throw new Error('bytes are counted with node --expose-gc')
  const watching = reflex({ tick: 'manual', ring: 65_536 })
  const [caller, callee] = [watching.component('caller'), watching.component('callee')]
  const circuit = breaker({ slow: '1s' })
  let now = 0
  const tasks = {
    'structural event': () => watching.events.call(caller, callee, 7, ++now),
    'permit and result': () => {
      now++
      circuit.succeed(circuit.tryAcquire(2, now), now)
    },
  }
  return Object.entries(tasks).map(([name, task]) => {
    const run = () => {
      for (let i = 0; i < OPERATIONS; i++) task()
    }
    for (let i = 0; i < COUNTS; i++) {
      run()
      watching.events.drain()
    }
    // The least of several counts, since whatever else runs only adds.
    let least = Infinity
    for (let i = 0; i < COUNTS; i++) {
      globalThis.gc()
      const before = process.memoryUsage().heapUsed
      run()
      least = Math.min(least, process.memoryUsage().heapUsed - before)
      watching.events.drain()
    }
    return { name, bytes: Math.max(0, least) / OPERATIONS }
  })
}
