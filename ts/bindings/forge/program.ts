/** A program on a device: its tensors between canaries, its dispatches, and how it is run, read and timed. */
import type { Device } from './device.js'
import type { ProgramRecipe } from './module.js'
import { BUFFER, TEXTURE } from './usage.js'

/** Bytes before and after a tensor's elements, as the core counts them. */
export const CANARY_BYTES = 256

interface Step {
  readonly group: number
  readonly pipeline: GPUComputePipeline
  readonly bindings: GPUBindGroup
  readonly grid: readonly [number, number, number]
}

/** Where an input comes from: bytes, or a buffer of the device. */
export type Source = Uint8Array | GPUBuffer

/** Buffers to read from that are kept for the next run. */
const LANDINGS = 4

const aligned = (bytes: number): number => Math.ceil(bytes / 4) * 4

export class Program {
  readonly recipe: ProgramRecipe
  readonly #device: Device
  readonly #tensors: readonly GPUBuffer[]
  readonly #temporaries: readonly (GPUBuffer | GPUTexture)[]
  readonly #steps: readonly Step[]
  /** Buffers to read from that nobody reads from now. */
  readonly #landings: GPUBuffer[] = []
  #destroyed = false

  private constructor(
    device: Device,
    recipe: ProgramRecipe,
    tensors: readonly GPUBuffer[],
    temporaries: readonly (GPUBuffer | GPUTexture)[],
    steps: readonly Step[],
  ) {
    this.#device = device
    this.recipe = recipe
    this.#tensors = tensors
    this.#temporaries = temporaries
    this.#steps = steps
  }

  static async make(device: Device, recipe: ProgramRecipe): Promise<Program> {
    const { gpu } = device
    const pipelines = await Promise.all(recipe.dispatches.map((dispatch) => device.pipeline(dispatch)))
    const usage = BUFFER.storage | BUFFER.copySrc | BUFFER.copyDst
    const [tensors, temporaries] = await device.scoped((made) => [
      recipe.tensors.map((tensor) => made(gpu.createBuffer({ size: tensor.bytes + 2 * CANARY_BYTES, usage }))),
      recipe.temporaries.map((one) =>
        made(
          'bytes' in one
            ? gpu.createBuffer({ size: one.bytes, usage: BUFFER.storage })
            : gpu.createTexture({
                size: [one.width, one.height],
                format: one.format,
                usage: TEXTURE.textureBinding | TEXTURE.storageBinding,
              }),
        ),
      ),
    ])
    const resource = (kind: 'tensor' | 'temporary', at: number): GPUBindingResource => {
      if (kind === 'tensor')
        return { buffer: tensors[at] as GPUBuffer, offset: CANARY_BYTES, size: recipe.tensors[at]?.bytes as number }
      const held = temporaries[at] as GPUBuffer | GPUTexture
      return 'createView' in held ? held.createView() : { buffer: held }
    }
    try {
      const steps = await device.scoped(() =>
        recipe.dispatches.map(({ group, grid, resources }, i): Step => {
          const pipeline = pipelines[i] as GPUComputePipeline
          const entries = resources.map(([kind, at], binding) => ({ binding, resource: resource(kind, at) }))
          return {
            group,
            grid,
            pipeline,
            bindings: gpu.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }),
          }
        }),
      )
      return new Program(device, recipe, tensors, temporaries, steps)
    } catch (error) {
      for (const one of [...tensors, ...temporaries]) one.destroy()
      throw error
    }
  }

  /** Writes a tensor's elements, or, guarded, its whole buffer. */
  write(place: number, bytes: Uint8Array, guarded = false): void {
    let whole = bytes
    if (bytes.length % 4 !== 0) {
      whole = new Uint8Array(aligned(bytes.length))
      whole.set(bytes)
    }
    this.#device.gpu.queue.writeBuffer(
      this.#tensors[place] as GPUBuffer,
      guarded ? 0 : CANARY_BYTES,
      whole as Uint8Array<ArrayBuffer>,
    )
  }

  #record(
    encoder: GPUCommandEncoder,
    steps: readonly Step[],
    times = 1,
    timestampWrites?: GPUComputePassTimestampWrites,
  ): void {
    const pass = encoder.beginComputePass(timestampWrites === undefined ? {} : { timestampWrites })
    for (let i = 0; i < times; i++) {
      for (const { pipeline, bindings, grid } of steps) {
        pass.setPipeline(pipeline)
        pass.setBindGroup(0, bindings)
        pass.dispatchWorkgroups(...grid)
      }
    }
    pass.end()
  }

  /** A user's run: everything is submitted at once, before anything is waited for. What it gives back are the outputs' bytes. */
  async answer(inputs: readonly Source[]): Promise<Uint8Array[]> {
    const { outputs } = this.recipe
    return this.#submit(inputs, outputs, false)
  }

  /** A run whose outputs stay: copies of them, on the device. */
  async keep(inputs: readonly Source[]): Promise<GPUBuffer[]> {
    const { gpu } = this.#device
    const usage = BUFFER.copySrc | BUFFER.copyDst
    return this.#device.scoped((made) => {
      const encoder = gpu.createCommandEncoder()
      this.#bring(encoder, inputs)
      this.#record(encoder, this.#steps)
      const kept = this.recipe.outputs.map((place) => {
        const size = this.recipe.tensors[place]?.bytes as number
        const copy = made(gpu.createBuffer({ size, usage }))
        encoder.copyBufferToBuffer(this.#tensors[place] as GPUBuffer, CANARY_BYTES, copy, 0, size)
        return copy
      })
      gpu.queue.submit([encoder.finish()])
      return kept
    })
  }

  /** A proof: every tensor was written whole before; every tensor's whole buffer comes back. */
  async prove(): Promise<Uint8Array[]> {
    return this.#submit([], [...this.recipe.tensors.keys()], true)
  }

  #bring(encoder: GPUCommandEncoder, inputs: readonly Source[]): void {
    inputs.forEach((input, place) => {
      if (input instanceof Uint8Array) this.write(place, input)
      else {
        const size = this.recipe.tensors[place]?.bytes as number
        encoder.copyBufferToBuffer(input, 0, this.#tensors[place] as GPUBuffer, CANARY_BYTES, size)
      }
    })
  }

  async #submit(inputs: readonly Source[], places: readonly number[], whole: boolean): Promise<Uint8Array[]> {
    const { gpu } = this.#device
    const sizes = places.map((place) => (this.recipe.tensors[place]?.bytes as number) + (whole ? 2 * CANARY_BYTES : 0))
    const parts = inParts(sizes, gpu.limits.maxBufferSize)
    const landings = await this.#device.scoped((made) => {
      const encoder = gpu.createCommandEncoder()
      this.#bring(encoder, inputs)
      this.#record(encoder, this.#steps)
      const into = parts.map(({ from, to, bytes }) => {
        const landing = made(this.#landing(bytes))
        let offset = 0
        for (let i = from; i < to; i++) {
          const tensor = this.#tensors[places[i] as number] as GPUBuffer
          encoder.copyBufferToBuffer(tensor, whole ? 0 : CANARY_BYTES, landing, offset, sizes[i] as number)
          offset += sizes[i] as number
        }
        return landing
      })
      gpu.queue.submit([encoder.finish()])
      return into
    })
    const read = await Promise.all(landings.map((landing, i) => this.#take(landing, parts[i]?.bytes as number)))
    return places.map((place, i) => {
      const { dtype, elements } = this.recipe.tensors[place] as { dtype: string; elements: number }
      const size = whole ? (sizes[i] as number) : elements * (dtype === 'f16' ? 2 : 4)
      const at = parts.findIndex(({ to }) => i < to)
      const offset = sizes.slice(parts[at]?.from, i).reduce((sum, bytes) => sum + bytes, 0)
      return (read[at] as Uint8Array).subarray(offset, offset + size)
    })
  }

  /** What was copied into a landing, which is free again. */
  async #take(landing: GPUBuffer, bytes: number): Promise<Uint8Array> {
    try {
      return await this.#device.mapped(landing, bytes)
    } finally {
      if (this.#landings.length < LANDINGS && !this.#destroyed) this.#landings.push(landing)
      else landing.destroy()
    }
  }

  #landing(size: number): GPUBuffer {
    const at = this.#landings.findIndex((free) => free.size >= size)
    const found = at < 0 ? undefined : this.#landings.splice(at, 1)[0]
    return found ?? this.#device.gpu.createBuffer({ size, usage: BUFFER.mapRead | BUFFER.copyDst })
  }

  /** Seconds that so many runs of one group take: by the wall's clock, and by the device's where it has one. */
  async time(group: number, times: number, nowUs: () => number): Promise<{ wallS: number; ownS: number }> {
    const { gpu, opened } = this.#device
    const steps = this.#steps.filter((step) => step.group === group)
    const queries = opened.timestamps ? gpu.createQuerySet({ type: 'timestamp', count: 2 }) : undefined
    try {
      const start = nowUs()
      const landing = await this.#device.scoped((made) => {
        const encoder = gpu.createCommandEncoder()
        const writes = queries && { querySet: queries, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 }
        this.#record(encoder, steps, times, writes)
        if (queries === undefined) return gpu.queue.submit([encoder.finish()])
        const ticks = made(gpu.createBuffer({ size: 256, usage: BUFFER.queryResolve | BUFFER.copySrc }))
        const into = made(this.#landing(256))
        encoder.resolveQuerySet(queries, 0, 2, ticks, 0)
        encoder.copyBufferToBuffer(ticks, 0, into, 0, 16)
        gpu.queue.submit([encoder.finish()])
        ticks.destroy()
        return into
      })
      await this.#device.patient(gpu.queue.onSubmittedWorkDone()).catch((error) => {
        if (landing) landing.destroy()
        throw error
      })
      const wallS = (nowUs() - start) / 1e6
      if (!landing) return { wallS, ownS: Number.NaN }
      const [from = 0n, to = 0n] = new BigInt64Array((await this.#take(landing, 16)).buffer)
      return { wallS, ownS: Number(to - from) / 1e9 }
    } finally {
      queries?.destroy()
    }
  }

  destroy(): void {
    this.#destroyed = true
    for (const one of [...this.#tensors, ...this.#temporaries, ...this.#landings]) one.destroy()
  }
}

interface Part {
  readonly from: number
  readonly to: number
  readonly bytes: number
}

/** Consecutive tensors that one buffer has room for: all of them, but where they are larger together than a buffer may be. */
function inParts(sizes: readonly number[], most: number): readonly Part[] {
  const parts: Part[] = []
  sizes.forEach((size, i) => {
    const last = parts.at(-1)
    if (last !== undefined && last.bytes + size <= most)
      parts[parts.length - 1] = { from: last.from, to: i + 1, bytes: last.bytes + size }
    else parts.push({ from: i, to: i + 1, bytes: size })
  })
  return parts
}
