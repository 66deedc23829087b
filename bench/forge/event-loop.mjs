// Event-loop delay while kernels are compiled, proven and searched for: p99 below 10 ms and nothing over 50 ms, with a core free (a
// software adapter takes as many as it is given: LP_NUM_THREADS=1 leaves one). After `npm run build`: `node bench/forge/event-loop.mjs`.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { blueprint, forge } from 'homeostat/forge'

const RESOLUTION_MS = 1
const f = await forge({ evaluations: 6, sampling: 0 })
const idle = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
idle.enable()
await new Promise((resolve) => setTimeout(resolve, 1000))
idle.disable()

const busy = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
busy.enable()
const start = performance.now()
const kernels = await Promise.all([
  f.kernel(blueprint.matmul({ m: 256, n: 256, k: 256 })),
  f.kernel(blueprint.softmax({ shape: [256, 1024] })),
  f.kernel(blueprint.layerNorm({ shape: [256, 512] })),
])
const stats = await Promise.all(kernels.map((kernel) => kernel.settled()))
busy.disable()
// What a timer is late by: its period is no delay.
const late = (histogram, share) => Math.max(0, histogram.percentile(share) / 1e6 - RESOLUTION_MS)
const row = {
  adapter: f.adapter?.name ?? null,
  seconds: (performance.now() - start) / 1000,
  measured: stats.reduce((sum, one) => sum + one.measured, 0),
  idle_p99_ms: late(idle, 99),
  p99_ms: late(busy, 99),
  max_ms: busy.max / 1e6 - RESOLUTION_MS,
}
await f.close()
process.stdout.write(`${JSON.stringify(row)}\n`)
process.exitCode = row.p99_ms < 10 && row.max_ms < 50 ? 0 : 1
