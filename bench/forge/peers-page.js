// In one page, on one adapter, in turns: a product of matrices with its read-back, by us and by the others.
import { defaultDevice, init, numpy } from '@jax-js/jax'
import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-webgpu'
import { blueprint, forge } from 'homeostat/forge'
import * as ort from 'onnxruntime-web/webgpu'

const wanted = new URLSearchParams(location.search)
const size = Number(wanted.get('size') ?? 512)
const rounds = Number(wanted.get('rounds') ?? 7)

const numbers = (seed) => Float32Array.from({ length: size * size }, (_, i) => (((i + seed) * 7919) % 2003) / 1001 - 1)
const [a, b] = [numbers(1), numbers(2)]

/** The product in f64: what everybody is held against. */
function product() {
  const y = new Float64Array(size * size)
  for (let i = 0; i < size; i++)
    for (let p = 0; p < size; p++) {
      const factor = a[i * size + p]
      for (let j = 0; j < size; j++) y[i * size + j] += factor * b[p * size + j]
    }
  return y
}

/** The greatest difference from that; what has no number at some place is off by more than any bound. */
function apart(y, right) {
  if (y.length !== right.length) return Number.MAX_VALUE
  let most = 0
  for (let i = 0; i < right.length; i++) {
    const off = Math.abs(y[i] - right[i])
    most = Math.max(most, Number.isFinite(off) ? off : Number.MAX_VALUE)
  }
  return most
}

/** By whoever is faster, as users have it, and by each alone: so that the page says which of the two it was. */
async function ours(backend) {
  const f = await forge({ backend, evaluations: 22, sampling: 0 })
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

/** A model of one product, as ONNX's protocol buffers have it: fields are numbers with what they hold. */
function model() {
  const varint = (n) => (n < 128 ? [n] : [(n & 127) | 128, ...varint(n >> 7)])
  const number = (field, n) => [field << 3, ...varint(n)]
  const bytes = (field, content) => [(field << 3) | 2, ...varint(content.length), ...content]
  const text = (field, words) => bytes(field, [...new TextEncoder().encode(words)])
  const shape = bytes(2, [...bytes(1, number(1, size)), ...bytes(1, number(1, size))])
  const tensor = (field, name) => bytes(field, [...text(1, name), ...bytes(2, bytes(1, [...number(1, 1), ...shape]))])
  const node = bytes(1, [...text(1, 'a'), ...text(1, 'b'), ...text(2, 'y'), ...text(4, 'MatMul')])
  const graph = [...node, ...text(2, 'product'), ...tensor(11, 'a'), ...tensor(11, 'b'), ...tensor(12, 'y')]
  return Uint8Array.from([...number(1, 8), ...bytes(7, graph), ...bytes(8, number(2, 17))])
}

async function onnxruntime() {
  ort.env.wasm.wasmPaths = '/ort/'
  ort.env.wasm.numThreads = 1
  const session = await ort.InferenceSession.create(model(), { executionProviders: ['webgpu'] })
  const tensor = (data) => new ort.Tensor('float32', data, [size, size])
  return { run: async () => (await session.run({ a: tensor(a), b: tensor(b) })).y.getData() }
}

async function main() {
  const contenders = {}
  const rows = {}
  const makers = {
    homeostat: () => ours('auto'),
    'homeostat, gpu': () => ours('gpu'),
    'homeostat, cpu': () => ours('cpu'),
    'jax-js': jax,
    'tfjs-webgpu': tensorflow,
    'onnxruntime-web': onnxruntime,
  }
  for (const [name, make] of Object.entries(makers)) {
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
  const right = product()
  for (let round = 0; round < rounds; round++)
    for (const [name, { run }] of Object.entries(contenders)) {
      const start = performance.now()
      const y = await run()
      rows[name].ms.push(performance.now() - start)
      rows[name].apart = Math.max(rows[name].apart ?? 0, apart(y, right))
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
