/** Every operation of a blueprint on the processor, against plain loops. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { blueprint, type Forge, forge } from '../../ts/entries/forge/node.js'
import { close, erf, gelu, matmul, numbers } from './support.js'

let f: Forge
beforeAll(async () => {
  f = await forge({ device: 'cpu' })
})
afterAll(() => f.close())

test('the example of the documentation', async () => {
  const [m, n, k] = [33, 17, 65]
  const kernel = await f.kernel(blueprint.matmul({ m, n, k }).bias().gelu())
  const [a, b, bias] = [numbers(m * k, 1), numbers(k * n, 2), numbers(n, 3)]
  const y = await kernel.run({ a, b, bias })
  expect(y).toBeInstanceOf(Float32Array)
  close(
    y,
    matmul(a, b, [m, n, k]).map((x, i) => gelu(x + (bias[i % n] as number))),
  )
  expect(kernel.outputs).toEqual([{ dtype: 'f32', shape: [m, n] }])
})

test('products turned and in batches', async () => {
  const [m, n, k, batch] = [5, 7, 11, 3]
  const [a, b] = [numbers(batch * m * k, 4), numbers(batch * k * n, 5)]
  const turn = (x: Float32Array, rows: number, columns: number): Float32Array => {
    const size = rows * columns
    return x.map((_, i) => {
      const [z, r, c] = [Math.floor(i / size), Math.floor((i % size) / rows), i % rows]
      return x[z * size + c * columns + r] as number
    })
  }
  const wanted = [0, 1, 2].flatMap((z) =>
    matmul(a.subarray(z * m * k, (z + 1) * m * k), b.subarray(z * k * n, (z + 1) * k * n), [m, n, k]),
  )
  const plain = await f.kernel(blueprint.matmul({ m, n, k, batch }))
  close(await plain.run({ a, b }), wanted)
  const turned = await f.kernel(blueprint.matmul({ m, n, k, batch, transposeA: true, transposeB: true }))
  close(await turned.run({ a: turn(a, m, k), b: turn(b, k, n) }), wanted)
})

test('a convolution with a bias for each channel', async () => {
  const [channels, height, width, filters] = [3, 9, 8, 4]
  const kernel = await f.kernel(
    blueprint.conv2d({ channels, height, width, filters, size: 3, padding: 1, stride: 2 }).bias().relu(),
  )
  const [image, weights, bias] = [
    numbers(channels * height * width, 6),
    numbers(filters * channels * 9, 7),
    numbers(filters, 8),
  ]
  const [oh, ow] = [5, 4]
  const wanted: number[] = []
  for (let o = 0; o < filters; o++)
    for (let y = 0; y < oh; y++)
      for (let x = 0; x < ow; x++) {
        let sum = bias[o] as number
        for (let c = 0; c < channels; c++)
          for (let i = 0; i < 9; i++) {
            const [iy, ix] = [y * 2 + Math.floor(i / 3) - 1, x * 2 + (i % 3) - 1]
            if (iy >= 0 && iy < height && ix >= 0 && ix < width)
              sum += (image[(c * height + iy) * width + ix] as number) * (weights[(o * channels + c) * 9 + i] as number)
          }
        wanted.push(Math.max(0, sum))
      }
  close(await kernel.run({ image, filters: weights, bias }), wanted)
  expect(kernel.outputs[0]?.shape).toEqual([1, filters, oh, ow])
})

const unary: Readonly<Record<string, (x: number) => number>> = {
  neg: (x) => -x,
  abs: Math.abs,
  exp: Math.exp,
  recip: (x) => 1 / x,
  relu: (x) => Math.max(0, x),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  silu: (x) => x / (1 + Math.exp(-x)),
  tanh: Math.tanh,
  erf,
  gelu,
}
describe('one number at a time', () => {
  const x = numbers(70, 9).map((v) => v * 3 + (v < 0 ? -0.2 : 0.2))
  test.each(Object.keys(unary))('%s', async (name) => {
    const chain = blueprint.input('x', [70])
    const kernel = await f.kernel((chain as unknown as Record<string, () => typeof chain>)[name]?.() as typeof chain)
    const wanted = [...x].map(unary[name] as (x: number) => number)
    close(await kernel.run({ x }), wanted, 3e-5)
  })

  test('log, sqrt and rsqrt of what they have', async () => {
    const above = x.map((v) => Math.abs(v))
    const graph = blueprint.graph((g) => {
      const v = g.input('x', [70])
      return { log: v.log(), sqrt: v.sqrt(), rsqrt: v.rsqrt(), tanh: v.gelu('tanh') }
    })
    const y = await (await f.kernel(graph)).run({ x: above })
    close(y.log, [...above].map(Math.log))
    close(y.sqrt, [...above].map(Math.sqrt))
    close(
      y.rsqrt,
      [...above].map((v) => 1 / Math.sqrt(v)),
    )
    close(y.tanh, [...above].map(gelu), 1e-3)
  })
})

test('two at a time, broadcasting, with numbers and with inputs', async () => {
  const chain = blueprint.input('x', [4, 6]).add(1).mul('s', [6]).sub('d').div(2).max(-0.5).min('top', [4, 1])
  const [x, s, d, top] = [numbers(24, 1), numbers(6, 2), numbers(24, 3), numbers(4, 4)]
  const y = await (await f.kernel(chain)).run({ x, s, d, top })
  const wanted = [...x].map((v, i) =>
    Math.min(top[Math.floor(i / 6)] as number, Math.max(-0.5, ((v + 1) * (s[i % 6] as number) - (d[i] as number)) / 2)),
  )
  close(y, wanted)
})

test('rows: softmax, norms and folds', async () => {
  const [rows, length] = [7, 33]
  const x = numbers(rows * length, 11)
  const scale = numbers(length, 12)
  const bias = numbers(length, 13)
  const row = (i: number): number[] => [...x.subarray(i * length, (i + 1) * length)]
  const each = (work: (row: number[]) => number[]): number[] =>
    Array.from({ length: rows }, (_, i) => work(row(i))).flat()
  const mean = (r: number[]): number => r.reduce((a, b) => a + b, 0) / r.length
  const softmax = await f.kernel(blueprint.softmax({ shape: [rows, length] }))
  close(
    await softmax.run({ x }),
    each((r) => {
      const sum = r.reduce((a, b) => a + Math.exp(b), 0)
      return r.map((v) => Math.exp(v) / sum)
    }),
  )
  const layer = await f.kernel(blueprint.layerNorm({ shape: [rows, length] }))
  close(
    await layer.run({ x, scale, bias }),
    each((r) => {
      const m = mean(r)
      const deviation = Math.sqrt(mean(r.map((v) => (v - m) ** 2)) + 1e-5)
      return r.map((v, i) => ((v - m) / deviation) * (scale[i] as number) + (bias[i] as number))
    }),
  )
  const rms = await f.kernel(blueprint.rmsNorm({ shape: [rows, length], epsilon: 1e-3 }))
  close(
    await rms.run({ x, scale }),
    each((r) => {
      const size = Math.sqrt(mean(r.map((v) => v * v)) + 1e-3)
      return r.map((v, i) => (v / size) * (scale[i] as number))
    }),
  )
  const folds = blueprint.graph((g) => {
    const v = g.input('x', [rows, length])
    return {
      sum: v.sum({ axes: [1] }),
      mean: v.mean({ axes: [-1], keep: true }),
      top: v.greatest(),
      low: v.least({ axes: [0, 1] }),
    }
  })
  const y = await (await f.kernel(folds)).run({ x })
  close(
    y.sum,
    each((r) => [r.reduce((a, b) => a + b, 0)]),
  )
  close(
    y.mean,
    each((r) => [mean(r)]),
  )
  close(y.top, [Math.max(...x)])
  close(y.low, [Math.min(...x)])
})

test('attention, causal', async () => {
  const [queries, depth] = [5, 8]
  const [q, k, v] = [numbers(2 * queries * depth, 1), numbers(2 * queries * depth, 2), numbers(2 * queries * depth, 3)]
  const kernel = await f.kernel(blueprint.attention({ batch: 2, queries, depth, causal: true }))
  const wanted: number[] = []
  for (let z = 0; z < 2; z++)
    for (let i = 0; i < queries; i++) {
      const at = (t: Float32Array, r: number, c: number): number => t[(z * queries + r) * depth + c] as number
      const weights = Array.from({ length: i + 1 }, (_, j) => {
        let dot = 0
        for (let c = 0; c < depth; c++) dot += at(q, i, c) * at(k, j, c)
        return Math.exp(dot / Math.sqrt(depth))
      })
      const sum = weights.reduce((a, b) => a + b, 0)
      for (let c = 0; c < depth; c++) wanted.push(weights.reduce((a, w, j) => a + (w / sum) * at(v, j, c), 0))
    }
  close(await kernel.run({ q, k, v }), wanted)
})

test('what only moves: transpose, reshape, gather, pools', async () => {
  const x = numbers(24, 1)
  const turned = await f.kernel(blueprint.input('x', [2, 3, 4]).transpose([2, 0, 1]).mul(1).reshape([8, 3]))
  const moved: number[] = []
  for (let c = 0; c < 4; c++)
    for (let a = 0; a < 2; a++) for (let b = 0; b < 3; b++) moved.push(x[(a * 3 + b) * 4 + c] as number)
  close(await turned.run({ x }), moved, 0)
  const gather = await f.kernel(blueprint.input('x', [6, 4]).gather('at', [3]))
  const at = Int32Array.of(5, 0, 9)
  close(await gather.run({ x, at }), [...x.subarray(20, 24), ...x.subarray(0, 4), 0, 0, 0, 0], 0)
  const image = numbers(2 * 4 * 4, 2)
  const pools = blueprint.graph((g) => {
    const v = g.input('image', [1, 2, 4, 4])
    return { top: v.maxPool(), mean: v.meanPool({ window: 2 }) }
  })
  const y = await (await f.kernel(pools)).run({ image })
  const windows = Array.from({ length: 8 }, (_, i) => {
    const [c, r, k] = [Math.floor(i / 4), Math.floor((i % 4) / 2), i % 2]
    return [0, 1, 4, 5].map((d) => image[c * 16 + r * 8 + k * 2 + d] as number)
  })
  close(
    y.top,
    windows.map((w) => Math.max(...w)),
    0,
  )
  close(
    y.mean,
    windows.map((w) => w.reduce((a, b) => a + b, 0) / 4),
  )
})

test('half precision is bits in a Uint16Array', async () => {
  const kernel = await f.kernel(blueprint.input('x', [4], 'f16').mul(2))
  // 1, -2, 0.5, 65504 in f16: doubled, the last one is past the largest number.
  const y = await kernel.run({ x: Uint16Array.of(0x3c00, 0xc000, 0x3800, 0x0400) })
  expect(y).toEqual(Uint16Array.of(0x4000, 0xc400, 0x3c00, 0x0800))
})
