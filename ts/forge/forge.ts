/**
 * A forge: a device, or none, with the kernels and tensors that live on it.
 */
import { HomeostatError } from '../errors.js'
import type { AdapterFacts, BlueprintFacts, DType, ForgeBinding, ForgeCore } from '../forge-binding.js'
import { aborted } from './abort.js'
import type { Blueprint } from './blueprint.js'
import { bytesFor, bytesOf, dtypeOf, type Elements, elements, shown } from './elements.js'
import { Events, type ForgeEvents, type Listener } from './events.js'
import { type Home, Kernel } from './kernel.js'
import type { LibraryStore } from './library.js'
import { type KernelOptions, type Resolved, resolveKernel } from './options.js'
import { Pump } from './pump.js'
import { DeviceTensor } from './tensor.js'

export class Forge {
  readonly #binding: ForgeBinding
  readonly #options: Resolved
  readonly #events = new Events()
  readonly #kernels = new Map<number, Kernel<string, unknown>>()
  readonly #home: Home
  readonly #pump: Pump
  #core: ForgeCore | undefined

  /** @internal */
  constructor(binding: ForgeBinding, core: ForgeCore, options: Resolved, store: LibraryStore | undefined) {
    this.#binding = binding
    this.#core = core
    this.#options = options
    this.#pump = new Pump(core, this.#events, this.#kernels, store, options.journal, () => options.clock.nowUs())
    this.#home = {
      options,
      hasDevice: () => core.adapter !== undefined,
      stir: () => this.#pump.stir(),
      closed: (kernel) => {
        for (const [id, known] of this.#kernels) if (known === kernel) this.#kernels.delete(id)
      },
    }
    options.signal?.addEventListener('abort', this.#abort, { once: true })
  }

  readonly #abort = (): void => void this.close().catch(() => undefined)

  /** The device; absent where the processor answers. */
  get adapter(): AdapterFacts | undefined {
    return this.#core?.adapter
  }

  /** Why there is no device, where one was wanted. */
  get trouble(): string | undefined {
    return this.#core?.trouble
  }

  /** Which core runs. */
  get bindingKind(): 'native' | 'wasm' {
    return this.#binding.kind
  }

  /** A listener for one kind of event; call what it gives to end it. */
  on<K extends keyof ForgeEvents>(type: K, listener: Listener<K>): () => void {
    return this.#events.on(type, listener)
  }

  /**
   * A kernel of a blueprint. Throws `HOMEOSTAT_BLUEPRINT_INVALID` with the node and the shapes that do not fit, and
   * `HOMEOSTAT_DEVICE_MEMORY` where its tensors are larger than `memoryMax`, before anything is compiled.
   */
  async kernel<I extends string, R>(of: Blueprint<I, R>, options: KernelOptions = {}): Promise<Kernel<I, R>> {
    const core = this.#open('kernel()')
    if (typeof of !== 'object' || of === null || of.recipe === undefined)
      throw new HomeostatError(
        'HOMEOSTAT_BLUEPRINT_INVALID',
        'kernel(): expected a blueprint, as blueprint.matmul(…) gives one',
      )
    const config = JSON.stringify(resolveKernel(options))
    const recipe = JSON.stringify(of.recipe)
    const facts = JSON.parse(await this.#binding.facts(recipe)) as BlueprintFacts
    this.#fits(facts)
    await this.#pump.refresh()
    const made = await core.kernel(recipe, config)
    if (this.#core === undefined) {
      made.close()
      throw closed('kernel()')
    }
    const kernel = new Kernel(this.#home, made, facts, of)
    this.#kernels.set(made.id, kernel as unknown as Kernel<string, unknown>)
    this.#pump.stir()
    return kernel
  }

  #fits({ inputs, outputs }: BlueprintFacts): void {
    const all = [
      ...inputs.map((facts) => ({ what: `input '${facts.name}'`, facts })),
      ...outputs.map((facts, i) => ({ what: `output ${i}`, facts })),
    ]
    const total = all.reduce((sum, { facts }) => sum + bytesOf(facts), 0)
    const { memoryMax } = this.#options
    if (total <= memoryMax) return
    const { what, facts } = all.reduce((a, b) => (bytesOf(b.facts) > bytesOf(a.facts) ? b : a))
    throw new HomeostatError(
      'HOMEOSTAT_DEVICE_MEMORY',
      `${what}: ${facts.dtype} of shape ${shown(facts.shape)} takes ${bytesOf(facts)} bytes, all inputs and outputs ` +
        `${total}: expected at most ${memoryMax} (memoryMax)`,
      { option: 'memoryMax', received: total },
    )
  }

  /** Puts elements on the device, to be an input of many runs. @param shape default: one dimension */
  async upload<E extends Elements>(array: E, shape?: readonly number[]): Promise<DeviceTensor> {
    const core = this.#open('upload()')
    const dtype = dtypeOf(array) as DType | undefined
    const facts = { dtype: dtype ?? 'f32', shape: shape ?? [array?.length ?? 0] }
    if (facts.shape.some((d) => !Number.isInteger(d) || d < 1) || elements(facts.shape) > 2 ** 31)
      throw new HomeostatError(
        'HOMEOSTAT_TENSOR_MISMATCH',
        `upload(): shape ${shown(facts.shape)}: expected whole numbers from 1, and at most 2147483648 elements`,
      )
    const bytes = bytesFor('upload()', facts, array)
    return new DeviceTensor(await core.upload(facts.dtype, bytes), facts, this.#home)
  }

  /** @internal @param ownLibrary whether nobody asked for the library: then a forge does without */
  async begin(ownLibrary: boolean): Promise<void> {
    const { adapter, trouble } = this
    let lost: Error | undefined
    const library = await this.#pump.recall().catch((error) => {
      // What could not be read is not written to either.
      this.#pump.forget()
      if (!ownLibrary) throw error
      lost = error
      return undefined
    })
    // Whoever awaits this forge listens by then.
    setTimeout(() => {
      this.#events.emit('opened', { adapter })
      if (trouble !== undefined) this.#events.emit('fallback', { reason: trouble })
      if (library !== undefined) this.#events.emit('library', library)
      if (lost !== undefined) this.#events.emit('trouble', { error: lost })
    }, 0)
  }

  #open(call: string): ForgeCore {
    if (this.#core === undefined) throw closed(call)
    return this.#core
  }

  /** Disposes of every kernel, keeps what was learned and gives the device back. */
  async close(): Promise<void> {
    const core = this.#core
    if (core === undefined) return
    this.#core = undefined
    this.#options.signal?.removeEventListener('abort', this.#abort)
    for (const kernel of [...this.#kernels.values()]) kernel.dispose()
    await this.#pump.end()
    await core.close()
    this.#events.emit('closed', {})
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

const closed = (call: string): HomeostatError =>
  new HomeostatError('HOMEOSTAT_CLOSED', `${call}: this forge was closed`)

/** Opens a forge: the adapter opened, the library read. */
export async function openForge(
  binding: ForgeBinding,
  options: Resolved,
  store: LibraryStore | undefined,
  warn: (line: string) => void,
  ownLibrary = false,
): Promise<Forge> {
  aborted(options.signal)
  const { adapter, device, kernel, runId, share, strategies, journal } = options
  const core = await binding.open({
    adapter,
    device,
    kernel: JSON.stringify(kernel),
    runId,
    share,
    strategies,
    previous: journal?.previous ?? journal?.head?.hash,
    nowUs: () => options.clock.nowUs(),
  })
  if (core.trouble !== undefined) warn(`homeostat: the forge has no device (${core.trouble}); the processor answers`)
  const forge = new Forge(binding, core, options, store)
  try {
    aborted(options.signal)
    await forge.begin(ownLibrary)
    aborted(options.signal)
  } catch (error) {
    await forge.close()
    aborted(options.signal)
    throw error
  }
  return forge
}
