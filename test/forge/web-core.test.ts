/** The forge over WebGPU, on a device that does what a test says: what goes wrong beside a kernel is never held against it. */
import { readFileSync } from 'node:fs'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import * as glue from '../../out/wasm/homeostat_forge.js'
import { WebForge } from '../../ts/bindings/forge/core.js'
import type { Device } from '../../ts/bindings/forge/device.js'
import type { Engine } from '../../ts/bindings/forge/module.js'
import { Program } from '../../ts/bindings/forge/program.js'
import { blueprint, HomeostatError } from '../../ts/entries/forge/node.js'
import type { BufferCore, CoreEvent, KernelCore } from '../../ts/forge-binding.js'
import { ScriptedGpu } from './scripted-gpu.js'
import { numbers, refusal } from './support.js'

const RELU = JSON.stringify(blueprint.input('x', [64]).relu().recipe)
const relu = (x: number): number => Math.max(x, 0)
const bytes = (array: Float32Array): Uint8Array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
const floats = (array: Uint8Array | undefined): Float32Array => new Float32Array((array as Uint8Array).slice().buffer)

beforeAll(() => {
  glue.initSync({ module: readFileSync(new URL('../../out/wasm/homeostat_forge_bg.wasm', import.meta.url)) })
})

class Subject {
  readonly core: WebForge
  readonly events: CoreEvent[] = []
  /** Devices that come after one was lost. */
  readonly next: Device[] = []
  kernel!: KernelCore

  constructor(gpu: ScriptedGpu | undefined, sampling: number, memoryMax: number) {
    const options = JSON.stringify({ tier: 'fast', backend: 'gpu', sampling })
    const engine = new glue.Engine(options, 'run', 0.5, '', undefined) as unknown as Engine
    const nowUs = (): number => performance.now() * 1000
    const reopen = async (): Promise<Device> => {
      const device = this.next.shift()
      if (device === undefined) throw new Error('there is no other device')
      return device
    }
    this.core = new WebForge(engine, gpu?.device(), undefined, { nowUs, reopen, facts: glue.facts, memoryMax })
  }

  async begin(): Promise<void> {
    this.kernel = await this.core.kernel(RELU, '{}')
    await this.promoted()
  }

  /** Waits until it is known so many times who answers, and that it is the device. */
  async promoted(times = 1): Promise<void> {
    const told = async (name: CoreEvent['event']): Promise<number> =>
      (await this.told()).filter(({ event }) => event === name).length
    await expect.poll(() => told('settled')).toBe(times)
    expect(await told('promoted')).toBe(times)
  }

  async told(): Promise<readonly CoreEvent[]> {
    this.events.push(...(await this.core.takeEvents()).events)
    return this.events
  }

  /** How often something was held against the kernel. */
  async blamed(): Promise<number> {
    const blames = ['quarantined', 'rolled-back', 'rejected', 'demoted']
    return (await this.told()).filter(({ event }) => blames.includes(event)).length
  }
}

async function subject(gpu: ScriptedGpu, sampling = 1, memoryMax = 1 << 30): Promise<Subject> {
  const made = new Subject(gpu, sampling, memoryMax)
  onTestFinished(() => made.core.close())
  await made.begin()
  return made
}

const x = numbers(64)
const wanted = x.map(relu)

test('a tensor that is disposed of right after a run was begun stays until the spot check is over', async () => {
  const gpu = new ScriptedGpu(relu)
  const it = await subject(gpu)
  const { core, kernel } = it
  const own = gpu.alive
  for (let i = 0; i < 50; i++) {
    const tensor = await core.upload('f32', bytes(x))
    const running = i % 2 === 0 ? kernel.run([tensor], false) : kernel.run([tensor], true)
    tensor.close()
    tensor.close()
    const [output] = await running
    const got = output instanceof Uint8Array ? output : await (output as BufferCore).read()
    expect(floats(got)).toEqual(wanted)
    if (!(output instanceof Uint8Array)) (output as BufferCore).close()
    expect((await refusal(() => kernel.run([tensor], false))).code).toBe('HOMEOSTAT_CLOSED')
    expect((await refusal(() => tensor.read())).code).toBe('HOMEOSTAT_CLOSED')
  }
  expect(await kernel.explain()).toMatchObject({ runs: 50, onDevice: 50, checked: 50, wrong: 0, failed: 0 })
  expect(await it.blamed()).toBe(0)
  // What they left is what is kept to read from.
  expect(gpu.alive - own).toBeLessThanOrEqual(4)
})

test('two runs hold one tensor, and a read does', async () => {
  const gpu = new ScriptedGpu(relu)
  const { core, kernel } = await subject(gpu)
  const tensor = await core.upload('f32', bytes(x))
  const uploaded = gpu.buffers.at(-1)
  const all = [kernel.run([tensor], false), kernel.run([tensor], false)]
  const reading = tensor.read()
  tensor.close()
  expect(uploaded?.destroyed).toBe(false)
  for (const outputs of await Promise.all(all)) expect(floats(outputs[0])).toEqual(wanted)
  expect(floats(await reading)).toEqual(x)
  expect(uploaded?.destroyed).toBe(true)
  expect(await kernel.explain()).toMatchObject({ checked: 2, wrong: 0, failed: 0 })
})

test('a buffer that cannot be mapped is a device that was lost, and no kernel is at fault', async () => {
  const [gpu, other] = [new ScriptedGpu(relu), new ScriptedGpu(relu)]
  const it = await subject(gpu)
  it.next.push(other.device())
  gpu.mapping = async () => {
    throw new DOMException('the map was given up', 'AbortError')
  }
  const [output] = await it.kernel.run([bytes(x)], false)
  expect(floats(output)).toEqual(wanted)
  const gone = (await it.told()).filter(({ event }) => event === 'device-gone')
  expect(gone[0]?.reason).toMatch(/HOMEOSTAT_DEVICE_LOST.*a buffer did not come back: the map was given up/)
  // Another device comes, and the same kernel answers there.
  await it.promoted(2)
  expect(floats((await it.kernel.run([bytes(x)], false))[0])).toEqual(wanted)
  expect([await it.blamed(), gpu.destroyed, other.destroyed]).toEqual([0, true, false])
})

test('what the runtime throws is no error code of ours, and no verdict', async () => {
  const gpu = new ScriptedGpu(relu)
  const it = await subject(gpu)
  const { writeBuffer } = gpu.queue
  for (const error of [new DOMException('not now', 'OperationError'), new RangeError('no array so large')]) {
    gpu.queue.writeBuffer = () => {
      throw error
    }
    expect(floats((await it.kernel.run([bytes(x)], false))[0])).toEqual(wanted)
  }
  gpu.queue.writeBuffer = writeBuffer
  expect(floats((await it.kernel.run([bytes(x)], false))[0])).toEqual(wanted)
  expect(await it.kernel.explain()).toMatchObject({ failed: 2, onDevice: 1, wrong: 0, rollbacks: 0 })
  expect(await it.blamed()).toBe(0)
})

test('a wrong answer is still found, and not given', async () => {
  let wrong = false
  const gpu = new ScriptedGpu((value) => (wrong ? value : relu(value)))
  const it = await subject(gpu)
  wrong = true
  expect(floats((await it.kernel.run([bytes(x)], false))[0])).toEqual(wanted)
  expect(await it.kernel.explain()).toMatchObject({ checked: 1, wrong: 1 })
  expect(await it.blamed()).toBeGreaterThan(0)
})

test('a kernel that is given up during a run ends with the run', async () => {
  const gpu = new ScriptedGpu(relu)
  const { core, kernel } = await subject(gpu)
  const tensor = await core.upload('f32', bytes(x))
  const runs = [kernel.run([tensor], false), kernel.run([bytes(x)], false)]
  kernel.close()
  for (const outputs of await Promise.all(runs)) expect(floats(outputs[0])).toEqual(wanted)
  await expect(kernel.explain()).rejects.toThrow('HOMEOSTAT_CLOSED')
})

test('a forge that is closed during runs leaves nobody waiting', async () => {
  const gpu = new ScriptedGpu(relu)
  const { core, kernel } = await subject(gpu)
  const tensor = await core.upload('f32', bytes(x))
  // Nothing is mapped any more, as by a device that was destroyed.
  gpu.mapping = () => new Promise(() => {})
  const ofBytes = kernel.run([bytes(x)], false)
  const ofTensor = refusal(() => kernel.run([tensor], false))
  await core.close()
  expect(floats((await ofBytes)[0])).toEqual(wanted)
  expect((await ofTensor).code).toBe('HOMEOSTAT_CLOSED')
})

test('a tensor larger than a buffer may be is refused with both sizes', async () => {
  const gpu = new ScriptedGpu(relu, 4096)
  const { core } = await subject(gpu)
  const error = await refusal(() => core.upload('f32', new Uint8Array(8192)))
  expect(error.code).toBe('HOMEOSTAT_DEVICE_MEMORY')
  expect(error.message).toMatch(/8192 bytes.*at most 4096/)
})

test('tensors that are larger together than a buffer may be are proven all the same', async () => {
  // Both of relu's, with their canaries: 2 x 768.
  const it = await subject(new ScriptedGpu(relu, 1000))
  expect(floats((await it.kernel.run([bytes(x)], false))[0])).toEqual(wanted)
  expect([await it.blamed(), (await it.kernel.explain()).onDevice]).toEqual([0, 1])
})

test('tensors that stay are held against memoryMax, on the device and without one', async () => {
  // Four tensors of 256 bytes.
  const there = await subject(new ScriptedGpu(relu), 1, 1024)
  const none = new Subject(undefined, 1, 1024)
  onTestFinished(() => none.core.close())
  none.kernel = await none.core.kernel(RELU, '{}')
  for (const { core, kernel } of [there, none]) {
    const upload = (): Promise<BufferCore> => core.upload('f32', bytes(x))
    const all = [await upload(), await upload(), await upload(), await upload()]
    const { runs } = await kernel.explain()
    const error = await refusal(() => kernel.run([bytes(x)], true))
    expect(error).toMatchObject({ code: 'HOMEOSTAT_DEVICE_MEMORY', option: 'memoryMax', received: 256 })
    expect(error.message).toBe(
      'output 0 of shape [64] and f32, which is to stay, takes 256 bytes, the tensors that stay 1024: ' +
        'expected at most 1024 together (memoryMax)',
    )
    // It was refused before anything was computed.
    expect((await kernel.explain()).runs).toBe(runs)
    expect((await refusal(upload)).message).toMatch(/^upload of 64 elements of f32 takes 256 bytes.*stay 1024/)
    // Runs whose outputs do not stay need no room, and what a run holds takes its own until the run is over.
    const running = kernel.run([all[0] as BufferCore], false)
    all[0]?.close()
    expect((await refusal(upload)).code).toBe('HOMEOSTAT_DEVICE_MEMORY')
    expect(floats((await running)[0])).toEqual(wanted)
    const [kept] = (await kernel.run([bytes(x)], true)) as [BufferCore]
    expect((await refusal(upload)).code).toBe('HOMEOSTAT_DEVICE_MEMORY')
    kept.close()
    kept.close()
    await upload()
    expect((await refusal(upload)).code).toBe('HOMEOSTAT_DEVICE_MEMORY')
  }
})

test('what a device took with it, and a tensor that was refused, take no room', async () => {
  const [gpu, other] = [new ScriptedGpu(relu), new ScriptedGpu(relu)]
  const it = await subject(gpu, 1, 1024)
  const upload = (): Promise<BufferCore> => it.core.upload('f32', bytes(x))
  const { writeBuffer } = gpu.queue
  gpu.queue.writeBuffer = () => gpu.refuse('not now')
  for (let i = 0; i < 5; i++) expect((await refusal(upload)).code).toBe('HOMEOSTAT_KERNEL_REJECTED')
  gpu.queue.writeBuffer = writeBuffer
  const lost = [await upload(), await upload(), await upload(), await upload()]
  it.next.push(other.device())
  gpu.destroy()
  await it.promoted(2)
  for (let i = 0; i < 4; i++) await upload()
  for (const tensor of lost) tensor.close()
  expect((await refusal(upload)).message).toMatch(/stay 1024/)
})

test('a timing that is refused or late leaves nothing behind', async () => {
  const gpu = new ScriptedGpu(relu)
  const device = gpu.device(true)
  const tensor = { dtype: 'f32', elements: 64, bytes: 256 }
  const program = await Program.make(device, {
    tensors: [tensor, tensor],
    inputs: 1,
    outputs: [1],
    zeroed: [],
    temporaries: [],
    dispatches: [
      {
        group: 0,
        wgsl: '@binding(1) var<storage, read_write> y: array<f32>;',
        grid: [1, 1, 1],
        resources: [
          ['tensor', 0],
          ['tensor', 1],
        ],
      },
    ],
  })
  const own = gpu.alive
  const time = () => program.time(0, 3, () => 0)
  const { submit } = gpu.queue
  for (let i = 0; i < 3; i++) {
    gpu.queue.submit = submit
    expect((await time()).ownS).toBe(2e-6)
    // What it read from is kept for the next one.
    expect([gpu.alive - own, gpu.querySets]).toEqual([1, 0])
    gpu.queue.submit = () => gpu.refuse('too many dispatches')
    expect((await refusal(time)).message).toMatch(/too many dispatches/)
    expect([gpu.alive - own, gpu.querySets]).toEqual([0, 0])
  }
  gpu.queue.submit = submit
  let asked: () => void = () => {}
  const waits = new Promise<void>((resolve) => {
    asked = resolve
  })
  gpu.queue.onSubmittedWorkDone = () => {
    asked()
    return new Promise(() => {})
  }
  const late = refusal(time)
  await waits
  device.giveUp(new HomeostatError('HOMEOSTAT_DEVICE_HUNG', 'no answer'))
  expect((await late).code).toBe('HOMEOSTAT_DEVICE_HUNG')
  expect([gpu.alive - own, gpu.querySets]).toEqual([0, 0])
})
