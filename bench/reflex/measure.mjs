// Interleaved rounds of a millisecond or two in one process: what slows the machine down slows every row down, and a round that was
// interrupted is one of many. Each round has an order of its own, since what one row leaves behind for the collector the next one pays
// for. Medians of nanoseconds per operation.

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1]

/** The same orders in every run. */
function shuffled(list, seed) {
  const order = [...list]
  let state = (seed + 10) * 2654435761
  for (let i = order.length - 1; i > 0; i--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    const j = Math.floor((state / 2 ** 32) * (i + 1))
    ;[order[i], order[j]] = [order[j], order[i]]
  }
  return order
}

/**
 * `tasks`: name -> `{ n, run(n), before?(), end?() }`. `run` does n operations and may return a promise; `before` and `end` are not timed.
 */
export async function measure(tasks, rounds) {
  const times = Object.fromEntries(Object.keys(tasks).map((name) => [name, []]))
  for (let round = -2; round < rounds; round++) {
    for (const [name, { n, run, before }] of shuffled(Object.entries(tasks), round)) {
      await before?.()
      const start = process.hrtime.bigint()
      await run(n)
      const ns = Number(process.hrtime.bigint() - start) / n
      // The first rounds warm up.
      if (round >= 0) times[name].push(ns)
    }
  }
  for (const { end } of Object.values(tasks)) end?.()
  return Object.fromEntries(Object.entries(times).map(([name, all]) => [name, median(all)]))
}
