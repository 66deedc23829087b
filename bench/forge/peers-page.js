// In one page, on one adapter, in turns: a product of matrices with its read-back, by us and by the others.
import { defaultDevice, init, numpy } from '@jax-js/jax'
import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-webgpu'
import { blueprint, forge } from 'homeostat/forge'

const wanted = new URLSearchParams(location.search)
const size = Number(wanted.get('size') ?? 512)
const rounds = Number(wanted.get('rounds') ?? 7)

const numbers = (seed) => Float32Array.from({ length: size * size }, (_, i) => (((i + seed) * 7919) % 2003) / 1001 - 1)
const [a, b] = [numbers(1), numbers(2)]

async function ours() {
  const f = await forge({ evaluations: 22, sampling: 0 })
  const kernel = await f.kernel(blueprint.matmul({ m: size, n: size, k: size }))
  const stats = await kernel.settled()
  return { run: () => kernel.run({ a, b }), about: { adapter: f.adapter?.name, software: f.adapter?.software, stats } }
}

async function jax() {
  await init('webgpu')
  defaultDevice('webgpu')
  const make = (data) => numpy.array(data).reshape([size, size])
  return { run: async () => numpy.matmul(make(a), make(b)).data() }
}

async function tensorflow() {
  await tf.setBackend('webgpu')
  await tf.ready()
  return {
    run: async () => {
      const [x, y] = [tf.tensor2d(a, [size, size]), tf.tensor2d(b, [size, size])]
      const product = tf.matMul(x, y)
      const data = await product.data()
      for (const tensor of [x, y, product]) tensor.dispose()
      return data
    },
  }
}

async function main() {
  const contenders = {}
  const rows = {}
  for (const [name, make] of Object.entries({ homeostat: ours, 'jax-js': jax, 'tfjs-webgpu': tensorflow })) {
    try {
      contenders[name] = await make()
      await contenders[name].run()
      rows[name] = { ms: [], ...contenders[name].about }
    } catch (error) {
      // A peer that does not run here has no row, and says why.
      rows[name] = { error: String(error?.message ?? error).slice(0, 300) }
      delete contenders[name]
    }
  }
  let first
  for (let round = 0; round < rounds; round++)
    for (const [name, { run }] of Object.entries(contenders)) {
      const start = performance.now()
      const y = await run()
      rows[name].ms.push(performance.now() - start)
      first ??= y
      rows[name].apart = y.reduce((most, v, i) => Math.max(most, Math.abs(v - first[i])), 0)
    }
  for (const row of Object.values(rows)) {
    if (row.ms === undefined) continue
    row.median_ms = [...row.ms].sort((x, y) => x - y)[rounds >> 1]
    row.gflops = (2 * size ** 3) / row.median_ms / 1e6
  }
  return { size, rows }
}

main().then(
  (value) => {
    globalThis.result = { value }
  },
  (error) => {
    globalThis.result = { error: String(error?.stack ?? error) }
  },
)
