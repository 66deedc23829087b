/** The forge over WebGPU, on a device that does what a test says: what goes wrong beside a kernel is never held against it. */
import { readFileSync } from 'node:fs'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import * as glue from '../../out/wasm/homeostat_forge.js'
import { WebForge } from '../../ts/bindings/forge/core.js'
import type { Device } from '../../ts/bindings/forge/device.js'
import type { Engine } from '../../ts/bindings/forge/module.js'
import { blueprint } from '../../ts/entries/forge/node.js'
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

  constructor(gpu: ScriptedGpu, sampling: number) {
    const options = JSON.stringify({ tier: 'fast', backend: 'gpu', sampling })
    const engine = new glue.Engine(options, 'run', 0.5, '', undefined) as unknown as Engine
    const nowUs = (): number => performance.now() * 1000
    this.core = new WebForge(engine, gpu.device(), undefined, nowUs, async () => {
      const device = this.next.shift()
      if (device === undefined) throw new Error('there is no other device')
      return device
    })
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

async function subject(gpu: ScriptedGpu, sampling = 1): Promise<Subject> {
  const made = new Subject(gpu, sampling)
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
