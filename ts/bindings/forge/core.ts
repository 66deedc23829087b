/**
 * A forge over the WebAssembly engine: it decides, this drives the device, and the processor answers where there is none. Everything
 * that a run needs of the caller's memory is copied before the first wait.
 */
import { HomeostatError } from '../../errors.js'
import type {
  AdapterFacts,
  BufferCore,
  CoreExplanation,
  DType,
  ForgeCore,
  KernelCore,
  KnownKernel,
  Told,
} from '../../forge-binding.js'
import { Background } from './background.js'
import type { Device } from './device.js'
import { failureOf } from './failure.js'
import { Held, type Keeper } from './held.js'
import { Lifetime } from './lifetime.js'
import type { Engine } from './module.js'
import type { Source } from './program.js'
import { Reopening } from './reopen.js'
import { BUFFER } from './usage.js'

const JOURNAL_BYTES = 1 << 20

export class WebForge implements ForgeCore, Keeper {
  readonly engine: Engine
  readonly trouble: string | undefined
  readonly #nowUs: () => number
  readonly #background: Background
  readonly #reopening: Reopening
  #facts: AdapterFacts | undefined
  #device: Device | undefined
  /** Runs that the device is answering. */
  #onTheirWay = 0
  #ended = false

  /** @param reopen another device after this one was lost */
  constructor(
    engine: Engine,
    device: Device | undefined,
    trouble: string | undefined,
    nowUs: () => number,
    reopen: () => Promise<Device>,
  ) {
    this.engine = engine
    this.trouble = trouble
    this.#nowUs = nowUs
    this.#background = new Background(engine, () => this.#device, nowUs)
    this.#reopening = new Reopening(reopen, (device) => this.#attach(device), nowUs)
    if (device !== undefined) this.#attach(device)
  }

  #attach(device: Device): void {
    this.#device = device
    this.#facts = device.opened.facts
    this.engine.attach(device.opened.key, device.opened.limits, this.#nowUs())
    device.onGone((error) => {
      this.#device = undefined
      this.#background.abandon()
      // With runs on their way nobody knows who hung it: it may have been one of them.
      const hung = error.code === 'HOMEOSTAT_DEVICE_HUNG' && this.#onTheirWay === 0
      this.engine.gone(error.message, hung, this.#nowUs())
      this.#reopening.lost(error)
    })
    this.#background.stir()
  }

  /** @internal The device that there is now. */
  get device(): Device | undefined {
    return this.#device
  }

  get adapter(): AdapterFacts | undefined {
    return this.#facts
  }

  async kernel(recipe: string, options: string): Promise<KernelCore> {
    const id = this.engine.kernel(recipe, options, this.#nowUs())
    this.#background.watch(id)
    // Runs that have begun end as they began: the kernel goes with the last of them.
    const life = new Lifetime(() => {
      this.#background.forget(id)
      this.engine.dispose(id, this.#nowUs())
      this.#background.stir()
    })
    const run = async (inputs: readonly (Uint8Array | BufferCore)[], stay: boolean) => {
      const leave = life.use()
      try {
        return await this.#run(id, inputs, stay)
      } finally {
        leave()
      }
    }
    return {
      id,
      run: run as KernelCore['run'],
      explain: async () => {
        const known = JSON.parse(this.engine.explain(id)) as CoreExplanation
        // Nothing has settled while another device is expected.
        return { ...known, settled: known.settled && !this.#reopening.isUnderWay }
      },
      known: async () => JSON.parse(this.engine.known(id)) as KnownKernel[],
      close: () => life.end(),
    }
  }

  async #run(
    id: number,
    given: readonly (Uint8Array | BufferCore)[],
    stay: boolean,
  ): Promise<Uint8Array[] | BufferCore[]> {
    const releases: (() => void)[] = []
    const device = this.#device
    try {
      const inputs = given.map((one) => {
        if (one instanceof Uint8Array) return one.slice()
        const { source, release } = (one as Held).hold()
        releases.push(release)
        return source
      })
      const ticket = this.engine.begin(id, this.#nowUs())
      const program = this.engine.program(ticket)
      if (program >= 0 && device !== undefined) {
        const outputs = await this.#onDevice(device, id, ticket, program, inputs, stay)
        return outputs ?? (await this.#compute(id, inputs, stay, device))
      }
      try {
        return await this.#compute(id, inputs, stay, device)
      } finally {
        this.engine.aside(ticket, this.#nowUs())
      }
    } finally {
      for (const release of releases) release()
      this.#background.stir()
    }
  }

  /** What the device answers; nothing where the processor has to. */
  async #onDevice(
    device: Device,
    id: number,
    ticket: number,
    number: number,
    inputs: readonly Source[],
    stay: boolean,
  ): Promise<Uint8Array[] | BufferCore[] | undefined> {
    const { engine } = this
    let outputs: readonly Source[] = []
    this.#onTheirWay++
    try {
      const program = device.program(number)
      const start = this.#nowUs()
      outputs = stay ? await program.keep(inputs) : await program.answer(inputs)
      const seconds = (this.#nowUs() - start) / 1e6
      const sizes = program.recipe.outputs.map((place) => {
        const { dtype, elements } = program.recipe.tensors[place] as { dtype: string; elements: number }
        return elements * (dtype === 'f16' ? 2 : 4)
      })
      if (engine.checks(ticket)) {
        const sizeIn = (i: number): number => program.recipe.tensors[i]?.bytes ?? 0
        const sent = await Promise.all(inputs.map((one, i) => this.bytesOf(one, sizeIn(i), device)))
        const came = await Promise.all(outputs.map((one, i) => this.bytesOf(one, sizes[i] as number, device)))
        sent.forEach((bytes, i) => void engine.setTensor(id, false, i, bytes))
        came.forEach((bytes, i) => void engine.setTensor(id, true, i, bytes))
      }
      // A run that stays is not read back: its time is not what was measured.
      const keep = engine.answered(ticket, stay ? Number.NaN : seconds, this.#nowUs())
      engine.forget()
      if (!keep) {
        destroyed(outputs)
        return undefined
      }
      return stay
        ? (outputs as GPUBuffer[]).map((one, i) => new Held(this, one, sizes[i] as number, device))
        : (outputs as Uint8Array[])
    } catch (error) {
      destroyed(outputs)
      const { code, message } = failureOf(error)
      if (code === 'HOMEOSTAT_CLOSED') engine.aside(ticket, this.#nowUs())
      else engine.failed(ticket, code, message, this.#nowUs())
      return undefined
    } finally {
      this.#onTheirWay--
    }
  }

  async #compute(
    id: number,
    inputs: readonly Source[],
    stay: boolean,
    device: Device | undefined,
  ): Promise<Uint8Array[] | BufferCore[]> {
    const { engine } = this
    const sizeOf = (one: Source): number => (one instanceof Uint8Array ? one.length : one.size)
    const host = await Promise.all(inputs.map((one) => this.bytesOf(one, sizeOf(one), device)))
    const count = (JSON.parse(engine.explain(id)) as CoreExplanation).outputs
    host.forEach((bytes, i) => void engine.setTensor(id, false, i, bytes))
    engine.compute(id)
    const outputs = Array.from({ length: count }, (_, i) => engine.tensor(i))
    engine.forget()
    return stay ? outputs.map((bytes) => new Held(this, bytes, bytes.length, undefined)) : outputs
  }

  /** @internal The first so many bytes of something that stays. @param device whose it is, where it is not here */
  async bytesOf(at: Source, bytes: number, device: Device | undefined): Promise<Uint8Array> {
    if (at instanceof Uint8Array) return at.subarray(0, bytes)
    if (this.#ended) throw new HomeostatError('HOMEOSTAT_CLOSED', 'the forge was closed')
    if (device === undefined || device !== this.#device)
      throw new HomeostatError('HOMEOSTAT_DEVICE_LOST', 'the tensor went with its device')
    const landing = await device.scoped((made) => {
      const into = made(device.gpu.createBuffer({ size: at.size, usage: BUFFER.mapRead | BUFFER.copyDst }))
      const encoder = device.gpu.createCommandEncoder()
      encoder.copyBufferToBuffer(at, 0, into, 0, at.size)
      device.gpu.queue.submit([encoder.finish()])
      return into
    })
    try {
      return (await device.mapped(landing, at.size)).subarray(0, bytes)
    } finally {
      landing.destroy()
    }
  }

  async upload(_dtype: DType, bytes: Uint8Array): Promise<BufferCore> {
    const device = this.#device
    const own = new Uint8Array(Math.ceil(bytes.length / 4) * 4)
    own.set(bytes)
    if (device === undefined) return new Held(this, own, bytes.length, undefined)
    const most = device.gpu.limits.maxBufferSize
    if (own.length > most) {
      const text = `upload(): ${bytes.length} bytes: a tensor of this device has at most ${most}`
      throw new HomeostatError('HOMEOSTAT_DEVICE_MEMORY', text, { range: `at most ${most}`, received: bytes.length })
    }
    const buffer = await device.scoped((made) => {
      const into = made(device.gpu.createBuffer({ size: own.length, usage: BUFFER.copySrc | BUFFER.copyDst }))
      device.gpu.queue.writeBuffer(into, 0, own)
      return into
    })
    return new Held(this, buffer, bytes.length, device)
  }

  async takeEvents(): Promise<Told> {
    return JSON.parse(this.engine.takeEvents()) as Told
  }

  async takeJournal(): Promise<string> {
    return this.engine.takeJournal(JOURNAL_BYTES)
  }

  async readLibrary(bytes: Uint8Array): Promise<readonly number[]> {
    return [...this.engine.readLibrary(bytes)]
  }

  async takeLibrary(): Promise<string> {
    return this.engine.takeLibrary()
  }

  async close(): Promise<void> {
    this.#ended = true
    this.#reopening.end()
    this.#background.end()
    this.#device?.close()
    this.#device = undefined
  }
}

function destroyed(outputs: readonly Source[]): void {
  for (const one of outputs) if (!(one instanceof Uint8Array)) one.destroy()
}
