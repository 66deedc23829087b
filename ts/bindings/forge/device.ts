/**
 * A WebGPU device with the programs on it. Pipelines are made asynchronously; whatever may fail runs inside of error scopes that are
 * pushed and popped in one go, so that an error belongs to its cause. A device that does not answer is given up, not destroyed.
 */
import { HomeostatError } from '../../errors.js'
import { type Opened, openAdapter } from './adapter.js'
import { afterAwake } from './awake.js'
import type { DispatchRecipe, ProgramRecipe } from './module.js'
import { Program } from './program.js'
import { MAP_READ } from './usage.js'

/** How long a submission may take; software adapters compile during the first one. */
const PATIENCE_MS = 20_000
const PATIENCE_SOFTWARE_MS = 80_000
/** Pipelines that are kept for programs to come. */
const PIPELINES = 128

export class Device {
  readonly opened: Opened
  readonly programs = new Map<number, Program>()
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>()
  #gone: HomeostatError | undefined
  /** Whoever waits for it. */
  readonly #waiting = new Set<(error: HomeostatError) => void>()
  #onGone: (error: HomeostatError) => void = () => {}

  constructor(opened: Opened) {
    this.opened = opened
    opened.device.onuncapturederror = (event) => {
      // It belongs to nothing that is waited for; the next scope of the same kind tells more.
      event.preventDefault?.()
    }
    void opened.device.lost.then(({ reason, message }) => {
      this.giveUp(new HomeostatError('HOMEOSTAT_DEVICE_LOST', `${reason}: ${message}`))
    })
  }

  static async open(name: string | undefined): Promise<Device> {
    return new Device(await openAdapter(name))
  }

  get gpu(): GPUDevice {
    return this.opened.device
  }

  onGone(listener: (error: HomeostatError) => void): void {
    this.#onGone = listener
  }

  giveUp(error: HomeostatError): void {
    if (this.#gone !== undefined) return
    this.#gone = error
    this.programs.clear()
    for (const reject of this.#waiting) reject(error)
    this.#onGone(error)
  }

  /** Closes it by intention: nobody is told. */
  close(): void {
    this.#onGone = () => {}
    this.giveUp(new HomeostatError('HOMEOSTAT_CLOSED', 'the forge was closed'))
    this.gpu.destroy()
  }

  alive(): void {
    if (this.#gone !== undefined) throw this.#gone
  }

  /** Does something at once; the promise says whether the device accepts it. What `work` says that it made goes where it does not. */
  async scoped<T>(work: (made: <R extends GPUBuffer | GPUTexture>(one: R) => R) => T): Promise<T> {
    this.alive()
    const kinds: readonly GPUErrorFilter[] = ['internal', 'out-of-memory', 'validation']
    for (const kind of kinds) this.gpu.pushErrorScope(kind)
    const all: (GPUBuffer | GPUTexture)[] = []
    let scopes: Promise<GPUError | null>[] = []
    try {
      let did: T
      try {
        did = work((one) => {
          all.push(one)
          return one
        })
      } finally {
        scopes = kinds.map(() => this.gpu.popErrorScope())
      }
      const errors = await this.patient(Promise.all(scopes)).catch((error) => this.#lostBy('an error scope', error))
      refusal(errors)
      return did
    } catch (error) {
      for (const one of all) one.destroy()
      throw error
    }
  }

  /** The first so many bytes of a buffer that was copied into. One that cannot be mapped is a device that is going: no kernel did that. */
  async mapped(landing: GPUBuffer, bytes: number): Promise<Uint8Array> {
    await this.patient(landing.mapAsync(MAP_READ, 0, bytes)).catch((error) => this.#lostBy('a buffer', error))
    try {
      return new Uint8Array(landing.getMappedRange(0, bytes)).slice()
    } finally {
      landing.unmap()
    }
  }

  #lostBy(what: string, error: unknown): never {
    if (error instanceof HomeostatError) throw error
    this.alive()
    const lost = new HomeostatError('HOMEOSTAT_DEVICE_LOST', `${what} did not come back: ${(error as Error).message}`)
    this.giveUp(lost)
    this.gpu.destroy()
    throw lost
  }

  /** Waits no longer than a device may take, and not for one that is gone. */
  async patient<T>(work: Promise<T>): Promise<T> {
    const ms = this.opened.facts.software ? PATIENCE_SOFTWARE_MS : PATIENCE_MS
    let callOff: (() => void) | undefined
    let stop: ((error: HomeostatError) => void) | undefined
    const late = new Promise<never>((_, reject) => {
      stop = reject
      this.#waiting.add(reject)
      callOff = afterAwake(ms, () => {
        const error = new HomeostatError('HOMEOSTAT_DEVICE_HUNG', `no answer within ${ms} ms: the device was given up`)
        this.giveUp(error)
        reject(error)
      })
    })
    try {
      return await Promise.race([work, late])
    } finally {
      callOff?.()
      this.#waiting.delete(stop as (error: HomeostatError) => void)
      // Its failure after that is nobody's.
      work.catch(() => undefined)
    }
  }

  /** Compiles off the page's thread. */
  pipeline({ wgsl }: DispatchRecipe): Promise<GPUComputePipeline> {
    const known = this.#pipelines.get(wgsl)
    if (known !== undefined) return known
    const made = this.scoped(() => this.gpu.createShaderModule({ code: wgsl })).then(async (module) => {
      const compute = { module, entryPoint: 'main' }
      try {
        return await this.patient(this.gpu.createComputePipelineAsync({ layout: 'auto', compute }))
      } catch (error) {
        if (error instanceof HomeostatError) throw error
        throw new HomeostatError('HOMEOSTAT_KERNEL_REJECTED', `the device refused: ${(error as Error).message}`)
      }
    })
    this.#pipelines.set(wgsl, made)
    made.catch(() => this.#pipelines.delete(wgsl))
    if (this.#pipelines.size > PIPELINES) this.#pipelines.delete(this.#pipelines.keys().next().value as string)
    return made
  }

  async compile(id: number, recipe: ProgramRecipe): Promise<void> {
    const program = await Program.make(this, recipe)
    this.alive()
    this.programs.set(id, program)
  }

  program(id: number): Program {
    this.alive()
    const program = this.programs.get(id)
    if (program === undefined) throw new HomeostatError('HOMEOSTAT_KERNEL_REJECTED', `there is no program ${id}`)
    return program
  }

  drop(id: number): void {
    this.programs.get(id)?.destroy()
    this.programs.delete(id)
  }
}

function refusal(errors: readonly (GPUError | null)[]): void {
  const error = errors.find((found) => found !== null)
  if (error == null) return
  if (typeof GPUOutOfMemoryError !== 'undefined' && error instanceof GPUOutOfMemoryError)
    throw new HomeostatError('HOMEOSTAT_DEVICE_MEMORY', 'the device has no memory left for this')
  throw new HomeostatError('HOMEOSTAT_KERNEL_REJECTED', `the device refused: ${error.message}`)
}
