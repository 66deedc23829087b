/**
 * A WebGPU device of which a test says what goes wrong. Every dispatch stores `of(x)` of the elements that its shader reads where that
 * writes, whatever else it says; what a real device refuses (a buffer that was destroyed, one that is too large) is an error of its scope.
 */
import { Device } from '../../ts/bindings/forge/device.js'

type Work = () => void

export class ScriptedBuffer {
  readonly size: number
  readonly data: Uint8Array<ArrayBuffer>
  destroyed = false
  readonly #gpu: ScriptedGpu

  constructor(gpu: ScriptedGpu, size: number) {
    this.#gpu = gpu
    this.size = size
    this.data = new Uint8Array(size)
  }

  async mapAsync(): Promise<void> {
    await this.#gpu.mapping()
    if (this.destroyed || this.#gpu.destroyed) throw new DOMException('the buffer was unmapped', 'AbortError')
  }

  getMappedRange(from = 0, size = this.size): ArrayBuffer {
    return this.data.buffer.slice(from, from + size)
  }

  unmap(): void {}

  destroy(): void {
    this.destroyed = true
  }
}

interface Binding {
  readonly buffer: ScriptedBuffer
  readonly offset?: number
  readonly size?: number
}

export class ScriptedGpu {
  destroyed = false
  readonly buffers: ScriptedBuffer[] = []
  /** Query sets that nobody destroyed. */
  querySets = 0
  /** What a map waits for, and may fail with. */
  mapping: () => Promise<void> = async () => {}
  readonly limits: { readonly maxBufferSize: number }
  readonly #of: (x: number) => number
  readonly #scopes: (string | undefined)[] = []
  #lose: (info: { reason: string; message: string }) => void = () => {}
  readonly lost = new Promise<{ reason: string; message: string }>((resolve) => {
    this.#lose = resolve
  })

  constructor(of: (x: number) => number, maxBufferSize = 1 << 28) {
    this.#of = of
    this.limits = { maxBufferSize }
  }

  /** Buffers that nobody destroyed. */
  get alive(): number {
    return this.buffers.filter((one) => !one.destroyed).length
  }

  /** What the innermost error scope says. */
  refuse(text: string): void {
    if (this.#scopes.length > 0) this.#scopes[this.#scopes.length - 1] ??= text
  }

  pushErrorScope(): void {
    this.#scopes.push(undefined)
  }

  async popErrorScope(): Promise<{ message: string } | null> {
    const message = this.#scopes.pop()
    return message === undefined ? null : { message }
  }

  createBuffer({ size }: { size: number }): ScriptedBuffer {
    if (size > this.limits.maxBufferSize) this.refuse(`a buffer of ${size} bytes`)
    const made = new ScriptedBuffer(this, size)
    this.buffers.push(made)
    return made
  }

  createQuerySet(): { destroy: () => void } {
    this.querySets++
    return { destroy: () => void this.querySets-- }
  }

  createShaderModule({ code }: { code: string }): number {
    return Number(/@binding\((\d+)\) var<storage, read_write>/.exec(code)?.[1])
  }

  async createComputePipelineAsync({ compute }: { compute: { module: number } }): Promise<object> {
    return { written: compute.module, getBindGroupLayout: () => ({}) }
  }

  createBindGroup({ entries }: { entries: readonly { resource: Binding }[] }): Binding[] {
    return entries.map(({ resource }) => resource)
  }

  createCommandEncoder(): object {
    const work: Work[] = []
    let [bound, written]: [Binding[], number] = [[], 0]
    return {
      beginComputePass: () => ({
        setPipeline: (pipeline: { written: number }) => {
          written = pipeline.written
        },
        setBindGroup: (_: number, bindings: Binding[]) => {
          bound = bindings
        },
        dispatchWorkgroups: () => {
          const [into, from] = [bound[written], bound[1 - written]] as [Binding, Binding]
          work.push(() => this.#dispatch(from, into))
        },
        end: () => {},
      }),
      copyBufferToBuffer: (from: ScriptedBuffer, at: number, to: ScriptedBuffer, into: number, size: number) =>
        work.push(() => {
          if (from.destroyed || to.destroyed) this.refuse('a destroyed buffer was submitted')
          else to.data.set(from.data.subarray(at, at + size), into)
        }),
      resolveQuerySet: (_: object, __: number, ___: number, into: ScriptedBuffer) =>
        work.push(() => new BigInt64Array(into.data.buffer).set([1_000n, 3_000n])),
      finish: () => work,
    }
  }

  #dispatch(from: Binding, into: Binding): void {
    const elements = ({ buffer, offset = 0, size = buffer.size }: Binding): Float32Array =>
      new Float32Array(buffer.data.buffer, offset, size / 4)
    elements(into).set(elements(from).map(this.#of))
  }

  readonly queue = {
    submit: (all: readonly Work[][]): void => {
      for (const one of all.flat()) one()
    },
    writeBuffer: (buffer: ScriptedBuffer, offset: number, bytes: Uint8Array): void => buffer.data.set(bytes, offset),
    onSubmittedWorkDone: async (): Promise<void> => {},
  }

  destroy(): void {
    this.destroyed = true
    this.#lose({ reason: 'destroyed', message: 'as the test wants it' })
  }

  device(timestamps = false): Device {
    const facts = { name: 'scripted', backend: 'webgpu', driver: '', vendor: 1, device: 2, software: true }
    const { name: _, software: __, ...key } = facts
    const limits = {
      kind: 'software',
      invocations: 256,
      workgroup_side: 256,
      workgroup_bytes: 16_384,
      binding_bytes: this.limits.maxBufferSize - 512,
      groups: 65_535,
      storage_buffers: 8,
      texture_side: 8192,
      subgroup: 0,
      f16: false,
      cores: 2,
    }
    return new Device({
      device: this as unknown as GPUDevice,
      facts,
      key: JSON.stringify(key),
      limits: JSON.stringify(limits),
      timestamps,
    })
  }
}
