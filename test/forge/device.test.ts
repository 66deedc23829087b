/** On a device, where there is one: a software adapter does. */
import { afterAll, beforeAll, expect, type TestContext, test } from 'vitest'
import { adapters, blueprint, type Forge, forge, MemoryLibrary } from '../../ts/entries/forge/node.js'
import { close, gelu, matmul, numbers, refusal } from './support.js'

const [best] = await adapters()
let f: Forge | undefined
beforeAll(async () => {
  if (best !== undefined) f = await forge({ tier: 'fast', backend: 'gpu', sampling: 0.5 })
})
afterAll(() => f?.close())

function device(context: TestContext): Forge {
  if (f === undefined)
    return context.skip('no adapter: there is neither a GPU nor a software adapter that this core can use')
  return f
}

test('the best adapter is opened, and what runs is proven before it answers', async (context) => {
  const f = device(context)
  expect(f.adapter).toEqual(best)
  expect(f.trouble).toBeUndefined()
  const [m, n, k] = [33, 36, 65]
  const steps: string[] = []
  const ends = (['compiling', 'validated', 'proposed', 'promoted'] as const).map((type) =>
    f.on(type, ({ type }) => void steps.push(type)),
  )
  const kernel = await f.kernel(blueprint.matmul({ m, n, k }).bias().gelu())
  const [a, b, bias] = [numbers(m * k, 1), numbers(k * n, 2), numbers(n, 3)]
  const wanted = matmul(a, b, [m, n, k]).map((x, i) => gelu(x + (bias[i % n] as number)))
  // Right from the first call, whoever answers.
  close(await kernel.run({ a, b, bias }), wanted)
  expect(await kernel.warm()).toBe(true)
  for (let i = 0; i < 6; i++) close(await kernel.run({ a, b, bias }), wanted)
  for (const end of ends) end()
  expect(steps).toEqual(['compiling', 'validated', 'proposed', 'promoted'])
  const { groups, onDevice, checked, wrong } = await kernel.explain()
  expect(groups).toHaveLength(1)
  expect(groups[0]?.schedule).toMatch(/^contract /)
  expect(groups[0]?.space).toBeGreaterThan(100)
  expect(onDevice).toBeGreaterThanOrEqual(6)
  expect(checked).toBeGreaterThan(0)
  expect(wrong).toBe(0)
  expect(kernel.stats()).toMatchObject({ answers: 'device', promotions: 1, rollbacks: 0 })
  kernel.dispose()
})

test('what stays on the device goes from kernel to kernel', async (context) => {
  const f = device(context)
  const first = await f.kernel(blueprint.matmul({ m: 16, n: 16, k: 16 }))
  const second = await f.kernel(blueprint.input('x', [16, 16]).softmax())
  expect(await Promise.all([first.warm(), second.warm()])).toEqual([true, true])
  const [a, b] = [numbers(256, 1), numbers(256, 2)]
  const kept = await f.upload(a, [16, 16])
  const product = await first.runOnDevice({ a: kept, b })
  const y = await second.run({ x: product })
  const wanted: number[] = []
  for (let i = 0; i < 16; i++) {
    const row = matmul(a, b, [16, 16, 16]).slice(i * 16, i * 16 + 16)
    const sum = row.reduce((s, v) => s + Math.exp(v), 0)
    wanted.push(...row.map((v) => Math.exp(v) / sum))
  }
  close(y, wanted)
  close(await product.read(), matmul(a, b, [16, 16, 16]))
  expect(await kept.read()).toEqual(a)
  for (const tensor of [product, kept]) tensor.dispose()
  for (const kernel of [first, second]) kernel.dispose()
})

test('what was searched for once is known the next time', async (context) => {
  device(context)
  const library = new MemoryLibrary()
  const shape = { shape: [32, 64] }
  const options = { backend: 'gpu', sampling: 0, evaluations: 2, library } as const
  const first = await forge(options)
  const searched = await first.kernel(blueprint.softmax(shape))
  const measured: number[] = []
  const stats = await searched.settled({ onMeasured: (n) => void measured.push(n) })
  expect(measured).toEqual([1, 2])
  expect(stats).toMatchObject({ measured: 2, answers: 'device', settled: true })
  await first.close()
  expect(library.text).toContain('"promoted"')
  const second = await forge(options)
  const known = await second.kernel(blueprint.softmax(shape))
  expect(await known.settled()).toMatchObject({ measured: 0, answers: 'device', schedules: stats.schedules })
  await second.close()
})

test('what was found is there by what it is good at', async (context) => {
  device(context)
  const options = { backend: 'gpu', sampling: 0, evaluations: 3, strategies: ['study', 'mutate'] } as const
  await using own = await forge({ ...options, objective: 'memory' })
  const kernel = await own.kernel(blueprint.matmul({ m: 32, n: 32, k: 32 }))
  const { schedules, measured } = await kernel.settled()
  expect(measured).toBe(3)
  const known = await kernel.known({ tag: 'low-memory' })
  // Little memory was what mattered: what answers needs none beside its tensors.
  expect(known.filter(({ state }) => state === 'promoted').map(({ schedule }) => schedule)).toEqual(schedules)
  for (const one of known) expect(one).toMatchObject({ group: 0, extraBytes: 0, seconds: expect.any(Number) })
  expect((await kernel.known({ tag: 'high-speed' })).length).toBeGreaterThan(0)
})

test('a name that no adapter has is refused with those that there are', async (context) => {
  device(context)
  const error = await refusal(() => forge({ adapter: 'no such adapter' }))
  expect([error.code, error.message.includes(`${best?.name}`)]).toEqual(['HOMEOSTAT_NO_ADAPTER', true])
  const named = await forge({ adapter: `${best?.name}`.slice(0, 4).toUpperCase() })
  expect(named.adapter).toEqual(best)
  await named.close()
})
