/** What cannot be meant is refused before anything is dispatched, with the node, the operand and both shapes. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { blueprint, type Forge, forge, MemoryLibrary } from '../../ts/entries/forge/node.js'
import { numbers, refusal } from './support.js'

let f: Forge
beforeAll(async () => {
  f = await forge({ device: 'cpu' })
})
afterAll(() => f.close())

test('shapes that do not match name the node and both shapes', async () => {
  const wrong = blueprint.input('a', [4, 8]).matmul('b', [9, 3])
  const error = await refusal(() => f.kernel(wrong))
  expect(error.code).toBe('HOMEOSTAT_BLUEPRINT_INVALID')
  expect(error.message).toMatch(/node 2 \(matmul of 0, 1\)/)
  expect(error.message).toContain('[4, 8]')
  expect(error.message).toContain('[9, 3]')
  const broadcast = await refusal(() => f.kernel(blueprint.input('x', [4, 6]).add('y', [5])))
  expect(broadcast.message).toMatch(/node 2 \(add|node 2 \(binary/)
  expect(broadcast.message).toMatch(/\[4, 6\].*\[5\]/)
  const conv = await refusal(() =>
    f.kernel(blueprint.conv2d({ channels: 3, height: 4, width: 4, filters: 2, size: 7 })),
  )
  expect(conv.message).toMatch(/node 2 \(conv2d of 0, 1\)/)
})

test.each([
  ['zero', [4, 0], /\[4, 0\].*at least 1/],
  ['a fraction', [4, 1.5], /dims: expected a whole number.*1\.5/],
  ['negative', [4, -1], /dims: expected a whole number.*-1/],
  ['past 32 bits', [4, 2 ** 33], /dims: expected a whole number/],
  ['more elements than an index reaches', [65536, 65536], /at most 2147483648 elements/],
  ['too many dimensions', [1, 1, 1, 1, 1, 1, 1, 1, 1], /at most 8 dimensions/],
] as const)('a dimension that is %s', async (_, shape, message) => {
  const error = await refusal(() => f.kernel(blueprint.input('x', shape).relu()))
  expect(error.code).toBe('HOMEOSTAT_BLUEPRINT_INVALID')
  expect(error.message).toMatch(/input 'x': node 0/)
  expect(error.message).toMatch(message)
})

test('more memory than may be used', async () => {
  const error = await refusal(() => f.kernel(blueprint.input('x', [40_000, 40_000]).relu()))
  expect(error.code).toBe('HOMEOSTAT_DEVICE_MEMORY')
  expect(error.message).toContain('[40000, 40000]')
  expect(error.message).toContain('6400000000 bytes')
})

test('more memory between the steps than may be used', async () => {
  const scores = await refusal(() => f.kernel(blueprint.attention({ queries: 40_000, depth: 64 })))
  expect([scores.code, scores.message]).toEqual([
    'HOMEOSTAT_DEVICE_MEMORY',
    expect.stringMatching(/node 3 \(attention\): f32 of shape \[40000, 40000\] takes 6400000000 bytes.*memoryMax/),
  ])
  await using own = await forge({ device: 'cpu', memoryMax: 100_000 })
  const product = blueprint.input('x', [100, 10]).matmul('w', [10, 200]).softmax().matmul('v', [200, 10])
  expect((await refusal(() => own.kernel(product))).message).toMatch(/node \d+ \(\w+\): f32 of shape \[100, 200\]/)
  expect((await f.kernel(product)).outputs[0]?.shape).toEqual([100, 10])
  // What is wrong with a step is told of the node that was written.
  const large = await refusal(() => f.kernel(blueprint.attention({ queries: 65_536, depth: 4 })))
  expect(large.message).toMatch(/node 3 \(attention\), in one of its steps: /)
})

test('a graph that computes nothing, names that come twice, values of another graph', async () => {
  expect((await refusal(() => f.kernel(blueprint.input('x', [4])))).message).toMatch(/computes nothing/)
  const twice = blueprint.input('x', [4]).add('x')
  expect((await refusal(() => f.kernel(twice))).message).toMatch(/input 'x': there is one of this name/)
  expect((await refusal(() => f.kernel(blueprint.input('not plain!', [4]).relu()))).message).toMatch(/letters, digits/)
  const other = blueprint.graph((g) => g.input('a', [2]).relu())
  expect(other.inputNames).toEqual(['a'])
  let foreign: ReturnType<Parameters<typeof blueprint.graph>[0]> | undefined
  blueprint.graph((g) => {
    foreign = g.input('a', [2])
    return foreign
  })
  const error = await refusal(() => blueprint.graph((g) => g.input('b', [2]).add(foreign as never)))
  expect(error.message).toMatch(/node 1 \(add\): an operand is of another graph/)
  expect((await refusal(() => f.kernel(undefined as never))).code).toBe('HOMEOSTAT_BLUEPRINT_INVALID')
})

test('inputs of the wrong dtype, length or name', async () => {
  const kernel = await f.kernel(blueprint.matmul({ m: 2, n: 3, k: 4 }))
  const [a, b] = [numbers(8), numbers(12)]
  const wrong = async (inputs: object): Promise<string> => {
    const error = await refusal(() => kernel.run(inputs as never))
    expect(error.code).toBe('HOMEOSTAT_TENSOR_MISMATCH')
    return error.message
  }
  expect(await wrong({ a, b: numbers(11) })).toBe(
    "input 'b': expected 12 elements of f32 for shape [4, 3], got 11 of f32 (Float32Array)",
  )
  expect(await wrong({ a: new Int32Array(8), b })).toMatch(/input 'a': expected 8 elements of f32.*8 of i32/)
  expect(await wrong({ a: new Float64Array(8), b })).toMatch(/input 'a': .*a Float64Array/)
  expect(await wrong({ a: [1, 2], b })).toMatch(/input 'a': .*Float32Array\.from/)
  expect(await wrong({ a })).toMatch(/input 'b': .*got nothing/)
  expect(await wrong({ a, b, c: b })).toMatch(/input 'c': the blueprint has none of this name, it has a, b/)
  expect(await wrong(null as never)).toMatch(/expected an object of a, b/)
  // Nothing of all this has harmed it.
  expect(await kernel.run({ a, b })).toHaveLength(6)
})

test('device tensors of another shape, dtype or forge, and disposed ones', async () => {
  const kernel = await f.kernel(blueprint.input('x', [2, 3]).relu())
  const turned = await f.upload(numbers(6), [3, 2])
  const shape = await refusal(() => kernel.run({ x: turned }))
  expect(shape.message).toMatch(/input 'x': .*\[2, 3\], got a device tensor of f32 with shape \[3, 2\]/)
  const other = await forge({ device: 'cpu' })
  const foreign = await other.upload(numbers(6), [2, 3])
  expect((await refusal(() => kernel.run({ x: foreign }))).message).toMatch(/of another forge/)
  await other.close()
  const gone = await f.upload(numbers(6), [2, 3])
  gone.dispose()
  gone.dispose()
  expect((await refusal(() => kernel.run({ x: gone }))).code).toBe('HOMEOSTAT_CLOSED')
  expect((await refusal(() => gone.read())).code).toBe('HOMEOSTAT_CLOSED')
  expect((await refusal(() => f.upload(numbers(6), [4, 2]))).message).toMatch(/expected 8 elements of f32/)
  expect((await refusal(() => f.upload(numbers(6), [0]))).code).toBe('HOMEOSTAT_TENSOR_MISMATCH')
  expect((await refusal(() => f.upload('text' as never))).code).toBe('HOMEOSTAT_TENSOR_MISMATCH')
})

test('use after dispose', async () => {
  const own = await forge({ device: 'cpu' })
  const kernel = await own.kernel(blueprint.input('x', [4]).relu())
  kernel.dispose()
  kernel.dispose()
  for (const call of [
    () => kernel.run({ x: numbers(4) }),
    () => kernel.warm(),
    () => kernel.settled(),
    () => kernel.explain(),
  ])
    expect((await refusal(call)).code).toBe('HOMEOSTAT_CLOSED')
  await own.close()
  await own.close()
  expect((await refusal(() => own.kernel(blueprint.input('x', [4]).relu()))).code).toBe('HOMEOSTAT_CLOSED')
  expect((await refusal(() => own.upload(numbers(4)))).code).toBe('HOMEOSTAT_CLOSED')
})

test.each([
  [{ device: 'tpu' }, 'HOMEOSTAT_INVALID_OPTION', /device must be 'auto' or 'gpu' or 'cpu', received "tpu"/],
  [{ tier: 'best' }, 'HOMEOSTAT_INVALID_OPTION', /tier/],
  [{ sampling: 1.5 }, 'HOMEOSTAT_INVALID_OPTION', /sampling must be a number from 0 to 1, received 1.5/],
  [{ evaluations: 0 }, 'HOMEOSTAT_INVALID_OPTION', /evaluations/],
  [{ share: 0 }, 'HOMEOSTAT_INVALID_OPTION', /share/],
  [{ adapter: '' }, 'HOMEOSTAT_INVALID_OPTION', /adapter/],
  [{ adaptor: 'x' }, 'HOMEOSTAT_UNKNOWN_OPTION', /no option 'adaptor'/],
] as const)('options %j', async (options, code, message) => {
  const error = await refusal(() => forge(options as never))
  expect(error.code).toBe(code)
  expect(error.message).toMatch(message)
})

test('an adapter that is not there', async () => {
  const error = await refusal(() => forge({ adapter: 'no such adapter' }))
  expect(error.code).toBe('HOMEOSTAT_NO_ADAPTER')
  expect(error.message).toMatch(/no such adapter|no WebGPU/)
})

test('a library that is damaged, torn or of another version is passed over and counted', async () => {
  const library = new MemoryLibrary('0000 not a line\n00000000 {"v":1}\n')
  const own = await forge({ device: 'cpu', library })
  const read = await new Promise((resolve) => own.on('library', resolve))
  expect(read).toMatchObject({ taken: 0, damaged: 2 })
  await own.close()
})

test.each([
  [() => blueprint.input('x', [4, 8]).matmul('b', [2, 8], { transpose_b: true } as never), 'transpose_b', 'transposeB'],
  [() => blueprint.input('x', [1, 3, 8, 8]).conv2d('f', [4, 3, 3, 3], { strides: 2 } as never), 'strides', 'stride'],
  [() => blueprint.input('x', [1, 3, 8, 8]).maxPool({ size: 2 } as never), 'size', 'window'],
  [() => blueprint.input('x', [4, 8]).sum({ axis: 1 } as never), 'axis', 'axes'],
  [() => blueprint.input('x', [4, 8]).layerNorm({ eps: 1 } as never), 'eps', 'epsilon'],
  [() => blueprint.matmul({ m: 2, n: 2, k: 2, transB: true } as never), 'transB', 'transposeB'],
  [() => blueprint.attention({ queries: 4, depth: 4, mask: true } as never), 'mask', 'causal'],
  [() => blueprint.softmax({ shape: [4], axes: [0] } as never), 'axes', 'axis'],
  [() => blueprint.graph((g) => g.input('x', [4, 8]).mean({ dims: [0] } as never)), 'dims', 'axes'],
] as const)('an option that an operation does not have: %#', async (make, option, instead) => {
  const error = await refusal(make)
  expect([error.code, error.option]).toEqual(['HOMEOSTAT_UNKNOWN_OPTION', option])
  expect(error.message).toMatch(new RegExp(`has no option '${option}': it has .*${instead}`))
})

test('objectives, strategies and tags that there are none of are refused with those that there are', async () => {
  const wrong: readonly (readonly [object, RegExp])[] = [
    [{ objective: 'fastest' }, /objective.*'speed' or 'memory' or 'precision'/],
    [{ strategies: ['model', 'guess'] }, /strategies.*'model', 'study', 'mutate'/],
    [{ strategies: [] }, /strategies.*at least one/],
    [{ strategies: 'model' }, /strategies/],
  ]
  for (const [options, message] of wrong) {
    const error = await refusal(() => forge({ device: 'cpu', ...options }))
    expect([error.code, error.message]).toEqual(['HOMEOSTAT_INVALID_OPTION', expect.stringMatching(message)])
  }
  // The core of this binding takes what there is, and knows nothing without a device.
  await using own = await forge({ device: 'cpu', objective: 'precision', strategies: ['mutate', 'study'] })
  const kernel = await own.kernel(blueprint.input('x', [4]).relu(), { objective: 'memory' })
  expect(await kernel.known()).toEqual([])
  const error = await refusal(() => kernel.known({ tag: 'fast' as never }))
  expect(error.message).toMatch(/'high-speed' or 'low-memory' or 'high-precision' or 'portable'/)
  kernel.dispose()
  expect((await refusal(() => kernel.known())).code).toBe('HOMEOSTAT_CLOSED')
})
