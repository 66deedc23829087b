// The example's page in Chromium while it compiles, proves and searches: no task over 50 ms, and the frames of the same page at rest; --size 512, --json file
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { serve } from '../examples/forge/serve.mjs'
import { resultOf } from '../test/packaging/runtimes/webgpu.mjs'

const { values: options } = parseArgs({
  options: {
    size: { type: 'string', default: '512' },
    json: { type: 'string' },
    // Where the build is, for one that is not in place yet.
    dist: { type: 'string', default: fileURLToPath(new URL('../dist/', import.meta.url)) },
  },
})
const TASK_MS_MAX = 50
/** The animation alone comes first: what a machine can show at all is its own affair. */
const IDLE_MS = 5000
/** Time between two frames while the forge works, over that at rest: the median, and the 95th percentile. */
const RATIO_MAX = { medianMs: 1.1, p95Ms: 1.5 }

const server = await serve(0, { '/package/dist/': options.dist })
try {
  const found = await resultOf(`http://127.0.0.1:${server.address().port}/?size=${options.size}&idle=${IDLE_MS}`)
  if (found.adapter === undefined) throw new Error('Chromium has no WebGPU adapter here: nothing to measure')
  const { frames, idle, stats } = found
  const ratios = Object.fromEntries(Object.keys(RATIO_MAX).map((key) => [key, frames[key] / idle[key]]))
  const longest = Math.max(0, ...frames.longTasks)
  process.stdout.write(
    `${found.adapter}: ${stats.measured} schedules measured, ${frames.count} frames, ${frames.medianMs.toFixed(1)} ms between two ` +
      `(95 % ${frames.p95Ms.toFixed(1)}), at rest ${idle.medianMs.toFixed(1)} (${idle.p95Ms.toFixed(1)}), ${frames.longTasks.length} tasks over ${TASK_MS_MAX} ms, the longest one ${longest.toFixed(0)}\n`,
  )
  if (options.json) writeFileSync(options.json, `${JSON.stringify(found, null, 2)}\n`)
  const slower = Object.keys(RATIO_MAX).filter((key) => !(ratios[key] <= RATIO_MAX[key]))
  for (const key of slower)
    process.stdout.write(
      `missed: ${key} is ${ratios[key].toFixed(2)} of that at rest, expected at most ${RATIO_MAX[key]}\n`,
    )
  process.exitCode = stats.measured > 0 && frames.longTasks.length === 0 && slower.length === 0 ? 0 : 1
} finally {
  server.close()
}
