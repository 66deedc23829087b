/** WebAssembly in a thread of its own: what the processor computes holds no event loop up. */
import { expect, test } from 'vitest'
import { blueprint, forge } from '../../ts/entries/forge/node.js'
import { close, matmul, numbers } from './support.js'

test('the event loop turns while the processor computes', async (context) => {
  await using f = await forge({ device: 'cpu' })
  if (f.bindingKind === 'native') context.skip('the add-on has threads of its own')
  const n = 256
  const kernel = await f.kernel(blueprint.matmul({ m: n, n, k: n }))
  const [a, b] = [numbers(n * n, 1), numbers(n * n, 2)]
  let [turns, running] = [0, true]
  const turn = (): void => {
    turns++
    if (running) setImmediate(turn)
  }
  setImmediate(turn)
  const runs = await Promise.all(Array.from({ length: 8 }, () => kernel.run({ a, b })))
  running = false
  // On this thread the runs would be over within a handful of turns; beside it some milliseconds pass.
  expect(turns).toBeGreaterThan(50)
  close(runs[7] as Float32Array, matmul(a, b, [n, n, n]), 1e-4)
})

test('many tensors stay in the thread, and errors come from there with their codes', async () => {
  await using f = await forge({ device: 'cpu' })
  const kernel = await f.kernel(blueprint.input('x', [64]).mul(2))
  let x = await f.upload(numbers(64), [64])
  for (let i = 0; i < 10; i++) {
    const next = await kernel.runOnDevice({ x })
    x.dispose()
    x = next
  }
  close(
    await x.read(),
    numbers(64).map((v) => v * 1024),
    1e-3,
  )
  await expect(f.kernel(blueprint.input('x', [2]).matmul('y', [3]))).rejects.toMatchObject({
    code: 'HOMEOSTAT_BLUEPRINT_INVALID',
  })
})
