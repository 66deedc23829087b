// What a user of `homeostat/forge` does, on the processor, the same in every runtime: sums of whole numbers are exact.
export async function consumeForge({ blueprint, forge, ready }) {
  await ready()
  const f = await forge({ device: 'cpu' })
  const kernel = await f.kernel(blueprint.matmul({ m: 3, n: 2, k: 4 }).bias().relu())
  const a = Float32Array.from({ length: 12 }, (_, i) => i - 5)
  const b = Float32Array.from({ length: 8 }, (_, i) => (i % 3) - 1)
  const product = await kernel.run({ a, b, bias: Float32Array.of(1, -2) })
  const kept = await kernel.runOnDevice({ a, b, bias: Float32Array.of(1, -2) })
  const again = await kept.read()
  kept.dispose()
  let refused
  try {
    await f.kernel(blueprint.input('x', [2, 3]).matmul('w', [4, 2]))
  } catch (error) {
    refused = error.code
  }
  const facts = [...product, ...again, refused, kernel.stats().answers, kernel.hash.slice(0, 8)].join(' ')
  await f.close()
  return { binding: f.bindingKind, facts }
}

/** The same on the best device there is, whichever that is: from the rule's schedule alone, which one compile gives. */
export async function consumeForgeDevice({ adapters, blueprint, forge }) {
  const [best] = await adapters()
  if (best === undefined) return undefined
  const f = await forge({ tier: 'fast', backend: 'gpu', sampling: 1 })
  const [m, n, k] = [5, 6, 7]
  const kernel = await f.kernel(blueprint.matmul({ m, n, k }))
  const answers = await kernel.warm()
  const a = Float32Array.from({ length: m * k }, (_, i) => (i % 5) - 2)
  const b = Float32Array.from({ length: k * n }, (_, i) => (i % 3) - 1)
  const y = await kernel.run({ a, b })
  const wanted = (i, j) => a.subarray(i * k, (i + 1) * k).reduce((sum, v, p) => sum + v * b[p * n + j], 0)
  const right = y.length === m * n && y.every((v, at) => v === wanted(Math.floor(at / n), at % n))
  const { onDevice, checked, wrong } = await kernel.explain()
  await f.close()
  return { adapter: best.name, answers, right, runs: [onDevice, checked, wrong].join(' ') }
}
