/**
 * A forge over the WebAssembly engine: it decides, this drives the device, and the processor answers where there is none. Everything
 * that a run needs of the caller's memory is copied before the first wait.
 */
import { HomeostatError } from '../../errors.js'
import type {
  AdapterFacts,
  BlueprintFacts,
  BufferCore,
  CoreExplanation,
  DType,
  ForgeCore,
  KernelCore,
  KnownKernel,
  TensorFacts,
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
import { type Place, Room, sizeOf } from './room.js'
import { downloaded, uploaded } from './transfer.js'

const JOURNAL_BYTES = 1 << 20

/** What it needs beside an engine. */
export interface Surroundings {
  readonly nowUs: () => number
  /** Another device after one was lost. */
  readonly reopen: () => Promise<Device>
  /** What a recipe's inputs and outputs are, as JSON. */
  readonly facts: (recipe: string) => string
  /** Most bytes that the tensors that stay have together. */
  readonly memoryMax: number
}

export class WebForge implements ForgeCore, Keeper {
  readonly engine: Engine
  readonly trouble: string | undefined
  readonly #nowUs: () => number
  readonly #background: Background
  readonly #reopening: Reopening
  readonly #factsOf: (recipe: string) => string
  readonly #room: Room
  #facts: AdapterFacts | undefined
  #device: Device | undefined
  /** Runs that the device is answering. */
  #onTheirWay = 0
  #ended = false

  constructor(engine: Engine, device: Device | undefined, trouble: string | undefined, around: Surroundings) {
    const { nowUs, reopen, facts, memoryMax } = around
    this.engine = engine
    this.trouble = trouble
    this.#nowUs = nowUs
    this.#factsOf = facts
    this.#room = new Room(memoryMax)
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
      this.#room.lose(device)
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
    const { outputs } = JSON.parse(this.#factsOf(recipe)) as BlueprintFacts
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
        return await this.#run(id, inputs, stay ? outputs : undefined)
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

  /** @param staying the outputs, where they are to stay */
  async #run(
    id: number,
    given: readonly (Uint8Array | BufferCore)[],
    staying: readonly TensorFacts[] | undefined,
  ): Promise<Uint8Array[] | BufferCore[]> {
    const releases: (() => void)[] = []
    let places: readonly Place[] | undefined
    const device = this.#device
    try {
      const inputs = given.map((one) => {
        if (one instanceof Uint8Array) return one.slice()
        const { source, release } = (one as Held).hold()
        releases.push(release)
        return source
      })
      places = staying && this.#room.takeOutputs(staying)
      const ticket = this.engine.begin(id, this.#nowUs())
      const program = this.engine.program(ticket)
      if (program >= 0 && device !== undefined) {
        const outputs = await this.#onDevice(device, id, ticket, program, inputs, places)
        return outputs ?? (await this.#compute(id, inputs, places, device))
      }
      try {
        return await this.#compute(id, inputs, places, device)
      } finally {
        this.engine.aside(ticket, this.#nowUs())
      }
    } catch (error) {
      for (const place of places ?? []) this.#room.free(place)
      throw error
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
    places: readonly Place[] | undefined,
  ): Promise<Uint8Array[] | BufferCore[] | undefined> {
    const { engine } = this
    const stay = places !== undefined
    let outputs: readonly Source[] = []
    this.#onTheirWay++
    try {
      const program = device.program(number)
      const start = this.#nowUs()
      outputs = stay ? await program.keep(inputs) : await program.answer(inputs)
      const seconds = (this.#nowUs() - start) / 1e6
      const sizes = program.recipe.outputs.map((place) => {
        const { dtype, elements } = program.recipe.tensors[place] as { dtype: string; elements: number }
        return sizeOf(dtype, elements)
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
        ? (outputs as GPUBuffer[]).map((one, i) => this.#held(one, sizes[i] as number, device, places[i] as Place))
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
    places: readonly Place[] | undefined,
    device: Device | undefined,
  ): Promise<Uint8Array[] | BufferCore[]> {
    const { engine } = this
    const bytesIn = (one: Source): number => (one instanceof Uint8Array ? one.length : one.size)
    const host = await Promise.all(inputs.map((one) => this.bytesOf(one, bytesIn(one), device)))
    const count = (JSON.parse(engine.explain(id)) as CoreExplanation).outputs
    host.forEach((bytes, i) => void engine.setTensor(id, false, i, bytes))
    engine.compute(id)
    const outputs = Array.from({ length: count }, (_, i) => engine.tensor(i))
    engine.forget()
    if (places === undefined) return outputs
    return outputs.map((bytes, i) => this.#held(bytes, bytes.length, undefined, places[i] as Place))
  }

  #held(at: Source, bytes: number, device: Device | undefined, place: Place): Held {
    // What went with its device meanwhile takes no room.
    if (device !== undefined && device !== this.#device) this.#room.free(place)
    else place.device = device
    return new Held(this, at, bytes, device, () => this.#room.free(place))
  }

  /** @internal The first so many bytes of something that stays. @param device whose it is, where it is not here */
  async bytesOf(at: Source, bytes: number, device: Device | undefined): Promise<Uint8Array> {
    if (at instanceof Uint8Array) return at.subarray(0, bytes)
    if (this.#ended) throw new HomeostatError('HOMEOSTAT_CLOSED', 'the forge was closed')
    if (device === undefined || device !== this.#device)
      throw new HomeostatError('HOMEOSTAT_DEVICE_LOST', 'the tensor went with its device')
    return (await downloaded(device, at)).subarray(0, bytes)
  }

  async upload(dtype: DType, bytes: Uint8Array): Promise<BufferCore> {
    const own = new Uint8Array(Math.ceil(bytes.length / 4) * 4)
    own.set(bytes)
    const what = `upload of ${bytes.length / sizeOf(dtype, 1)} elements of ${dtype}`
    const [place] = this.#room.take(what, [bytes.length]) as [Place]
    const device = this.#device
    try {
      const at = device === undefined ? own : await uploaded(device, own, bytes.length)
      return this.#held(at, bytes.length, device, place)
    } catch (error) {
      this.#room.free(place)
      throw error
    }
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
