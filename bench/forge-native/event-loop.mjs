// Event-loop delay while kernels are compiled, proven and searched for: p99 below 10 ms and nothing over 50 ms, with a core free.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { blueprint, forge } from 'homeostat/forge'

const RESOLUTION_MS = 1
const P99_MS_MAX = 10
const LONGEST_MS_MAX = 50

/** What a timer is late by: its period is no delay. */
const late = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS)

export async function eventLoop() {
  const idle = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  idle.enable()
  await new Promise((resolve) => setTimeout(resolve, 1000))
  idle.disable()

  const busy = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  busy.enable()
  const start = performance.now()
  const f = await forge({ evaluations: 6, sampling: 0.1 })
  const kernels = await Promise.all([
    f.kernel(blueprint.matmul({ m: 256, n: 256, k: 256 })),
    f.kernel(blueprint.softmax({ shape: [256, 1024] })),
    f.kernel(blueprint.layerNorm({ shape: [256, 512] })),
  ])
  // Somebody uses one of them meanwhile.
  const inputs = { a: new Float32Array(256 * 256).fill(0.5), b: new Float32Array(256 * 256).fill(0.5) }
  let ended = false
  const using = (async () => {
    while (!ended) {
      await kernels[0].run(inputs)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  })()
  const stats = await Promise.all(kernels.map((kernel) => kernel.settled()))
  ended = true
  await using
  for (const kernel of kernels) await kernel.explain()
  await f.close()
  busy.disable()
  const [p99, longest] = [late(busy.percentile(99)), late(busy.max)]
  const measured = stats.reduce((sum, one) => sum + one.measured, 0)
  return {
    seconds: (performance.now() - start) / 1000,
    measured,
    runs: stats.reduce((sum, one) => sum + one.runs, 0),
    idle_p99_ms: late(idle.percentile(99)),
    idle_max_ms: late(idle.max),
    p99_ms: p99,
    max_ms: longest,
    // Where nothing was searched for there was nothing to be late by.
    holds: measured > 0 && p99 < P99_MS_MAX && longest < LONGEST_MS_MAX,
  }
}
