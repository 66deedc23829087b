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
import type { Engine } from './module.js'
import type { Source } from './program.js'
import { Reopening } from './reopen.js'
import { BUFFER, MAP_READ } from './usage.js'

const JOURNAL_BYTES = 1 << 20

/** Elements that stay: on the device, or here. */
class Held implements BufferCore {
  readonly #core: WebForge
  #at: Source | undefined
  /** Whose it is; nobody's where the elements are here. */
  readonly #device: Device | undefined
  readonly bytes: number

  constructor(core: WebForge, at: Source, bytes: number, device: Device | undefined) {
    this.#core = core
    this.#at = at
    this.bytes = bytes
    this.#device = device
  }

  get source(): Source {
    if (this.#at === undefined) throw new HomeostatError('HOMEOSTAT_CLOSED', 'this tensor was disposed')
    // Another device would refuse its buffer, and the kernel would be held to be at fault.
    if (this.#device !== undefined && this.#device !== this.#core.device)
      throw new HomeostatError('HOMEOSTAT_DEVICE_LOST', 'the tensor went with its device')
    return this.#at
  }

  async read(): Promise<Uint8Array> {
    return this.#core.bytesOf(this.source, this.bytes)
  }

  close(): void {
    if (this.#at !== undefined && !(this.#at instanceof Uint8Array)) this.#at.destroy()
    this.#at = undefined
  }
}

export class WebForge implements ForgeCore {
  readonly engine: Engine
  readonly trouble: string | undefined
  readonly #nowUs: () => number
  readonly #background: Background
  readonly #reopening: Reopening
  #facts: AdapterFacts | undefined
  #device: Device | undefined
  /** Runs that the device is answering. */
  #onTheirWay = 0

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

  /** @internal */
  get device(): Device | undefined {
    return this.#device
  }

  get adapter(): AdapterFacts | undefined {
    return this.#facts
  }

  async kernel(recipe: string, options: string): Promise<KernelCore> {
    const id = this.engine.kernel(recipe, options, this.#nowUs())
    this.#background.watch(id)
    return {
      id,
      run: ((inputs: readonly (Uint8Array | BufferCore)[], stay: boolean) =>
        this.#run(id, inputs, stay)) as KernelCore['run'],
      explain: async () => {
        const known = JSON.parse(this.engine.explain(id)) as CoreExplanation
        // Nothing has settled while another device is expected.
        return { ...known, settled: known.settled && !this.#reopening.isUnderWay }
      },
      known: async () => JSON.parse(this.engine.known(id)) as KnownKernel[],
      close: () => {
        this.#background.forget(id)
        this.engine.dispose(id, this.#nowUs())
        this.#background.stir()
      },
    }
  }

  async #run(
    id: number,
    given: readonly (Uint8Array | BufferCore)[],
    stay: boolean,
  ): Promise<Uint8Array[] | BufferCore[]> {
    const inputs = given.map((one) => (one instanceof Uint8Array ? one.slice() : (one as Held).source))
    const ticket = this.engine.begin(id, this.#nowUs())
    const program = this.engine.program(ticket)
    try {
      const device = this.#device
      if (program < 0 || device === undefined) {
        try {
          return await this.#compute(id, inputs, stay)
        } finally {
          this.engine.aside(ticket, this.#nowUs())
        }
      }
      const outputs = await this.#onDevice(device, id, ticket, program, inputs, stay)
      return outputs ?? (await this.#compute(id, inputs, stay))
    } finally {
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
    this.#onTheirWay++
    try {
      const program = device.program(number)
      const start = this.#nowUs()
      const outputs = stay ? await program.keep(inputs) : await program.answer(inputs)
      const seconds = (this.#nowUs() - start) / 1e6
      const sizes = program.recipe.outputs.map((place) => {
        const { dtype, elements } = program.recipe.tensors[place] as { dtype: string; elements: number }
        return elements * (dtype === 'f16' ? 2 : 4)
      })
      if (engine.checks(ticket)) {
        const sent = await Promise.all(inputs.map((one, i) => this.bytesOf(one, program.recipe.tensors[i]?.bytes ?? 0)))
        const came = await Promise.all(outputs.map((one, i) => this.bytesOf(one, sizes[i] as number)))
        sent.forEach((bytes, i) => void engine.setTensor(id, false, i, bytes))
        came.forEach((bytes, i) => void engine.setTensor(id, true, i, bytes))
      }
      // A run that stays is not read back: its time is not what was measured.
      const keep = engine.answered(ticket, stay ? Number.NaN : seconds, this.#nowUs())
      engine.forget()
      if (!keep) {
        for (const one of outputs) if (!(one instanceof Uint8Array)) one.destroy()
        return undefined
      }
      return stay
        ? (outputs as GPUBuffer[]).map((one, i) => new Held(this, one, sizes[i] as number, device))
        : (outputs as Uint8Array[])
    } catch (error) {
      const { code = 'HOMEOSTAT_KERNEL_REJECTED', message } = error as Partial<HomeostatError> & Error
      engine.failed(ticket, code, message, this.#nowUs())
      return undefined
    } finally {
      this.#onTheirWay--
    }
  }

  async #compute(id: number, inputs: readonly Source[], stay: boolean): Promise<Uint8Array[] | BufferCore[]> {
    const { engine } = this
    const host = await Promise.all(
      inputs.map((one) => this.bytesOf(one, one instanceof Uint8Array ? one.length : one.size)),
    )
    const count = (JSON.parse(engine.explain(id)) as CoreExplanation).outputs
    host.forEach((bytes, i) => void engine.setTensor(id, false, i, bytes))
    engine.compute(id)
    const outputs = Array.from({ length: count }, (_, i) => engine.tensor(i))
    engine.forget()
    return stay ? outputs.map((bytes) => new Held(this, bytes, bytes.length, undefined)) : outputs
  }

  /** @internal The first so many bytes of something that stays. */
  async bytesOf(at: Source, bytes: number): Promise<Uint8Array> {
    if (at instanceof Uint8Array) return at.subarray(0, bytes)
    const device = this.#device
    if (device === undefined) throw new HomeostatError('HOMEOSTAT_DEVICE_LOST', 'the tensor went with its device')
    const landing = await device.scoped(() => {
      const into = device.gpu.createBuffer({ size: at.size, usage: BUFFER.mapRead | BUFFER.copyDst })
      const encoder = device.gpu.createCommandEncoder()
      encoder.copyBufferToBuffer(at, 0, into, 0, at.size)
      device.gpu.queue.submit([encoder.finish()])
      return into
    })
    await device.patient(landing.mapAsync(MAP_READ))
    const copy = new Uint8Array(landing.getMappedRange()).slice(0, bytes)
    landing.destroy()
    return copy
  }

  async upload(_dtype: DType, bytes: Uint8Array): Promise<BufferCore> {
    const device = this.#device
    const own = new Uint8Array(Math.ceil(bytes.length / 4) * 4)
    own.set(bytes)
    if (device === undefined) return new Held(this, own, bytes.length, undefined)
    const buffer = await device.scoped(() => {
      const made = device.gpu.createBuffer({ size: own.length, usage: BUFFER.copySrc | BUFFER.copyDst })
      device.gpu.queue.writeBuffer(made, 0, own)
      return made
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
    this.#reopening.end()
    this.#background.end()
    this.#device?.close()
    this.#device = undefined
  }
}
