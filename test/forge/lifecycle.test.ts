/** Kernels, tensors and forges come and go; what happened is told. */
import { expect, test } from 'vitest'
import { adapters, blueprint, DeviceTensor, type ForgeEvents, forge } from '../../ts/entries/forge/node.js'
import { close, matmul, numbers, refusal } from './support.js'

test('what one kernel gives another takes, and nothing is read back in between', async () => {
  await using f = await forge({ device: 'cpu' })
  const first = await f.kernel(blueprint.matmul({ m: 8, n: 8, k: 8 }))
  const second = await f.kernel(blueprint.input('x', [8, 8]).mul(2).relu())
  const [a, b] = [numbers(64, 1), numbers(64, 2)]
  await using onDevice = await f.upload(a, [8, 8])
  expect([onDevice.dtype, onDevice.shape, onDevice.bytes]).toEqual(['f32', [8, 8], 256])
  const product = await first.runOnDevice({ a: onDevice, b })
  expect(product).toBeInstanceOf(DeviceTensor)
  const y = await second.run({ x: product })
  close(
    y,
    matmul(a, b, [8, 8, 8]).map((v) => Math.max(0, 2 * v)),
  )
  close(await product.read(), matmul(a, b, [8, 8, 8]))
  expect(await onDevice.read()).toEqual(a)
  product.dispose()
})

test('inputs are copied before a run returns', async () => {
  await using f = await forge({ device: 'cpu' })
  const kernel = await f.kernel(blueprint.input('x', [1000]).mul(3))
  const x = numbers(1000)
  const wanted = x.map((v) => v * 3)
  const running = Promise.all([kernel.run({ x }), kernel.run({ x }), kernel.run({ x })])
  x.fill(7)
  for (const y of await running) close(y, wanted, 1e-6)
})

test('many kernels run at once, and each gives its own answer', async () => {
  await using f = await forge({ device: 'cpu' })
  const kernels = await Promise.all([1, 2, 3, 4].map((by) => f.kernel(blueprint.input('x', [64]).mul(by))))
  const x = numbers(64)
  const runs = Array.from({ length: 80 }, (_, i) => kernels[i % 4]?.run({ x }) as Promise<Float32Array>)
  ;(await Promise.all(runs)).forEach(
    (y, i) =>
      void close(
        y,
        x.map((v) => v * ((i % 4) + 1)),
        1e-6,
      ),
  )
  expect(kernels[0]?.stats()).toMatchObject({ runs: 20, failed: 0, answers: 'cpu', settled: true })
  expect(kernels[0]?.stats().medianMs).toBeGreaterThanOrEqual(0)
})

test('a signal ends the waiting, not the kernel', async () => {
  await using f = await forge({ device: 'cpu' })
  const kernel = await f.kernel(blueprint.input('x', [4]).relu())
  const x = numbers(4)
  expect((await refusal(() => kernel.run({ x }, { signal: AbortSignal.abort() }))).code).toBe('HOMEOSTAT_ABORTED')
  const ended = new AbortController()
  const running = kernel.run({ x }, { signal: ended.signal })
  ended.abort(new Error('enough'))
  const error = await refusal(() => running)
  expect([error.code, (error.cause as Error).message]).toEqual(['HOMEOSTAT_ABORTED', 'enough'])
  expect(await kernel.run({ x })).toHaveLength(4)
  const own = new AbortController()
  const g = await forge({ device: 'cpu', signal: own.signal })
  const gone = new Promise((resolve) => g.on('closed', resolve))
  own.abort()
  await gone
  expect((await refusal(() => g.kernel(blueprint.input('x', [4]).relu()))).code).toBe('HOMEOSTAT_CLOSED')
  expect((await refusal(() => forge({ signal: AbortSignal.abort() }))).code).toBe('HOMEOSTAT_ABORTED')
})

test('without a device nothing is waited for, and the steps of a life are told', async () => {
  const lines: string[] = []
  const journal: string[] = []
  const f = await forge({ device: 'cpu', journal: { append: async (text) => void journal.push(text) } })
  for (const type of ['opened', 'added', 'disposed', 'closed', 'fallback'] as const)
    f.on(type, (event: { readonly type: keyof ForgeEvents }) => void lines.push(event.type))
  expect(f.adapter).toBeUndefined()
  await new Promise((resolve) => f.on('opened', resolve))
  const kernel = await f.kernel(blueprint.input('x', [4]).relu())
  expect(await kernel.warm()).toBe(false)
  expect((await kernel.settled()).answers).toBe('cpu')
  const { hash, groups, onDevice } = await kernel.explain()
  expect([hash, onDevice]).toEqual([kernel.hash, 0])
  expect(groups).toEqual([{ work: 'map', shape: [4], multiplyAdds: 0, space: 0 }])
  kernel.dispose()
  await f.close()
  // The processor was asked for: that it answers is no fallback.
  expect(lines).toEqual(['opened', 'added', 'disposed', 'closed'])
  const entries = journal
    .join('')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { event: string; hash: string })
  expect(entries.map((entry) => entry.event)).toEqual(expect.arrayContaining(['added', 'disposed']))
  expect(entries.every((entry) => /^[0-9a-f]{64}$/.test(entry.hash))).toBe(true)
})

test('a listener that is taken back hears nothing more', async () => {
  await using f = await forge({ device: 'cpu' })
  let heard = 0
  const stop = f.on('added', () => void heard++)
  await f.kernel(blueprint.input('x', [4]).relu())
  await expect.poll(() => heard).toBe(1)
  stop()
  await f.kernel(blueprint.input('y', [4]).relu())
  await new Promise((resolve) => setTimeout(resolve, 60))
  expect(heard).toBe(1)
})

test('adapters are listed, the best first', async () => {
  for (const adapter of await adapters())
    expect(adapter).toMatchObject({
      name: expect.any(String),
      backend: expect.any(String),
      software: expect.any(Boolean),
    })
})

test('a tensor that is disposed of is there for the runs that were asked for before', async () => {
  await using f = await forge({ device: 'cpu' })
  const kernel = await f.kernel(blueprint.input('x', [64]).mul(2))
  const x = numbers(64)
  const wanted = x.map((v) => v * 2)
  for (let i = 0; i < 50; i++) {
    const tensor = await f.upload(x)
    const [read, kept] = [kernel.run({ x: tensor }), kernel.runOnDevice({ x: tensor })]
    tensor.dispose()
    close(await read, wanted, 1e-6)
    await using on = await kept
    close(await on.read(), wanted, 1e-6)
    expect((await refusal(() => kernel.run({ x: tensor }))).code).toBe('HOMEOSTAT_CLOSED')
  }
})
