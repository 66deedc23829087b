// A square product through the façade, its operands on the device, against the usual hand-written kernel, in turns.
import { readFileSync } from 'node:fs'
import { blueprint, forge } from 'homeostat/forge'
import { addon, median } from './addon.mjs'

const ROUNDS = 7
const BATCH_MS = 200
const RATIO_MIN = 2.8
const WGSL = new URL('../../crates/homeostat-forge/fixtures/matmul-4x4-vec4.wgsl', import.meta.url)

export async function againstFixture(n) {
  const shader = readFileSync(WGSL, 'utf8').replaceAll('{{N}}', n).replaceAll('{{K}}', n)
  const f = await forge({ backend: 'gpu', sampling: 0 })
  const kernel = await f.kernel(blueprint.matmul({ m: n, n, k: n }))
  const stats = await kernel.settled()
  if (stats.answers !== 'device') throw new Error('the device does not answer')
  const numbers = Float32Array.from({ length: n * n }, (_, i) => ((i * 7919) % 2003) / 1001 - 1)
  const [a, b] = [await f.upload(numbers, [n, n]), await f.upload(numbers, [n, n])]
  const ours = []
  const theirs = []
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now()
    let runs = 0
    while (runs < 3 || performance.now() - start < BATCH_MS) {
      const y = await kernel.runOnDevice({ a, b })
      y.dispose()
      runs++
    }
    ours.push((performance.now() - start) / 1000 / runs)
    theirs.push(median(await addon.timeShader(undefined, shader, [n * n, n * n, n * n], [n / 32, n / 32, 1], 3)))
  }
  await f.close()
  const gflops = (seconds) => (2 * n ** 3) / seconds / 1e9
  const ratio = median(theirs.map((seconds, i) => seconds / ours[i]))
  return {
    size: n,
    gflops: gflops(median(ours)),
    fixture_gflops: gflops(median(theirs)),
    ratio,
    schedules: stats.schedules,
    holds: ratio >= RATIO_MIN,
  }
}
