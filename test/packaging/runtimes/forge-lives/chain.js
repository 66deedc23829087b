// Kernels that hand each other tensors on the device, with every run checked; what is disposed of meanwhile; and what is refused.
import { blueprint, forge } from 'homeostat/forge'

const [M, N, K] = [24, 40, 56]
const numbers = (count, seed) => Float32Array.from({ length: count }, (_, i) => (((i + seed) * 7919) % 101) / 50 - 1)

/** relu(a b + bias), then its softmax by rows, in f64. */
function wanted(a, b, bias) {
  const y = Float64Array.from({ length: M * N }, (_, at) => {
    let sum = bias[at % N]
    for (let k = 0; k < K; k++) sum += a[Math.floor(at / N) * K + k] * b[k * N + (at % N)]
    return Math.max(sum, 0)
  })
  for (let row = 0; row < M; row++) {
    const part = y.subarray(row * N, (row + 1) * N)
    const most = Math.max(...part)
    const exps = part.map((v) => Math.exp(v - most))
    const sum = exps.reduce((all, v) => all + v, 0)
    part.set(exps.map((v) => v / sum))
  }
  return y
}
const apart = (got, right) => right.reduce((most, v, i) => Math.max(most, Math.abs(v - got[i])), 0)
const codeOf = (work) =>
  Promise.resolve()
    .then(work)
    .then(
      () => 'nothing',
      (error) => error.code,
    )

export async function chain(at) {
  const held = []
  const f = await forge({ tier: 'fast', backend: 'gpu', sampling: 1, library: false })
  for (const type of ['quarantined', 'rejected', 'rolledBack', 'demoted', 'deviceLost'])
    f.on(type, ({ reason }) => held.push(`${type}: ${reason}`))
  at('the chain: compiling')
  const product = await f.kernel(blueprint.matmul({ m: M, n: N, k: K }).bias().relu())
  const softmax = await f.kernel(blueprint.softmax({ shape: [M, N] }))
  const warm = [await product.warm(), await softmax.warm()]

  at('the chain: runs')
  const [a, b, bias] = [numbers(M * K, 1), numbers(K * N, 2), numbers(N, 3)]
  const right = wanted(a, b, bias)
  const weights = await f.upload(b, [K, N])
  let worst = 0
  for (let i = 0; i < 20; i++) {
    const left = await f.upload(a, [M, K])
    const running = product.runOnDevice({ a: left, b: weights, bias })
    // Disposed of while the run, and the check that reads it again, are on their way.
    left.dispose()
    const between = await running
    const answering = i % 2 === 0 ? softmax.run({ x: between }) : softmax.runOnDevice({ x: between })
    between.dispose()
    const given = await answering
    worst = Math.max(worst, apart(i % 2 === 0 ? given : await given.read(), right))
    if (i % 2 !== 0) given.dispose()
  }
  const same = apart(await weights.read(), b)
  const explained = [await product.explain(), await softmax.explain()]

  at('the chain: what is refused')
  const gone = await f.upload(a, [M, K])
  gone.dispose()
  const refused = {
    disposedInput: await codeOf(() => product.run({ a: gone, b: weights, bias })),
    disposedRead: await codeOf(() => gone.read()),
    length: await codeOf(() => product.run({ a: a.subarray(1), b: weights, bias })),
    dtype: await codeOf(() => product.run({ a: new Int32Array(M * K), b: weights, bias })),
    shape: await codeOf(() => f.kernel(blueprint.input('x', [4, 8]).matmul('b', [9, 3]))),
    memory: await codeOf(() => f.kernel(blueprint.input('x', [40_000, 40_000]).relu())),
    adapter: await codeOf(() => forge({ adapter: 'no such adapter', library: false })),
  }
  // A run that has begun ends, though its kernel is given up.
  const last = softmax.run({ x: numbers(M * N, 4) })
  softmax.dispose()
  const ended = (await last).length
  refused.disposedKernel = await codeOf(() => softmax.run({ x: numbers(M * N, 4) }))
  await f.close()
  refused.closedTensor = await codeOf(() => weights.read())
  return {
    warm,
    worst,
    same,
    held,
    checked: explained.map(({ onDevice, checked, wrong, failed }) => [onDevice, checked, wrong, failed].join(' ')),
    ended: ended === M * N,
    refused,
  }
}
