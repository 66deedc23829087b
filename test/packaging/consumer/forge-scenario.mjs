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
