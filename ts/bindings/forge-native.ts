/**
 * The forge of its native add-on. The device has a thread, searches have one, runs have some: a call here copies what it is given and
 * returns.
 */
import { HomeostatError } from '../errors.js'
import type {
  AdapterFacts,
  BufferCore,
  CoreExplanation,
  ForgeBinding,
  ForgeCore,
  KernelCore,
  KnownKernel,
  OpenOptions,
  Told,
} from '../forge-binding.js'
import { fault, guard, type Health } from './guard.js'
import { nativePanicText } from './native.js'

/** What the add-on exports: see `crates/homeostat-forge-node`. */
export interface NativeForgeModule {
  version(): string
  facts(recipe: string): string
  /** {@link AdapterFacts}[] as JSON. */
  adapters(): Promise<string>
  /** Closes every forge of the process, and waits until no thread is inside of a driver; whether that is so by then. */
  rest(maxMs: number): boolean
  open(
    adapter: string | undefined,
    device: string,
    kernel: string,
    runId: string,
    share: number,
    strategies?: string,
    previous?: string,
  ): Promise<NativeForge>
}

export interface NativeForge {
  /** {@link AdapterFacts} as JSON, empty without a device; then why there is none. */
  adapter(): string
  trouble(): string
  kernel(recipe: string, options: string): number
  /** An input is bytes where its handle is 0, else that tensor's. Gives the outputs' bytes, or, where they stay, their handles. */
  run(kernel: number, bytes: readonly Uint8Array[], handles: readonly number[]): Promise<Uint8Array[]>
  runStaying(kernel: number, bytes: readonly Uint8Array[], handles: readonly number[]): Promise<number[]>
  explain(kernel: number): string
  known(kernel: number): string
  dispose(kernel: number): void
  upload(dtype: string, bytes: Uint8Array): Promise<number>
  read(handle: number): Promise<Uint8Array>
  free(handle: number): void
  takeEvents(): string
  takeJournal(maxBytes: number): string
  readLibrary(bytes: Uint8Array): number[]
  takeLibrary(): string
  close(): Promise<void>
}

const JOURNAL_BYTES = 1 << 20
const OPTIONS = { kind: 'native', poisons: false, panicText: nativePanicText } as const

class Tensor implements BufferCore {
  readonly #forge: NativeForge
  readonly #wait: <T>(work: Promise<T>) => Promise<T>
  handle: number

  constructor(forge: NativeForge, wait: <T>(work: Promise<T>) => Promise<T>, handle: number) {
    this.#forge = forge
    this.#wait = wait
    this.handle = handle
  }

  read(): Promise<Uint8Array> {
    return this.#wait(this.#forge.read(this.handle))
  }

  close(): void {
    if (this.handle !== 0) this.#forge.free(this.handle)
    this.handle = 0
  }
}

export function nativeForgeBinding(module: NativeForgeModule): ForgeBinding {
  const { call } = guard(OPTIONS)
  return {
    kind: 'native',
    version: () => call(() => module.version()),
    facts: (recipe) => call(() => module.facts(recipe)),
    adapters: async () => JSON.parse(await waiting()(module.adapters())) as AdapterFacts[],
    open: async (options) => open(module, options),
  }
}

/** A promise of the add-on; what it is rejected with has a code. */
function waiting(): <T>(work: Promise<T>) => Promise<T> {
  const health: Health = { dead: undefined }
  return async (work) => {
    try {
      return await work
    } catch (error) {
      throw fault(health, OPTIONS, error)
    }
  }
}

async function open(module: NativeForgeModule, options: OpenOptions): Promise<ForgeCore> {
  const { adapter, device, kernel, runId, share, strategies, previous } = options
  const wait = waiting()
  const { call } = guard(OPTIONS)
  const forge = await wait(module.open(adapter, device, kernel, runId, share, strategies, previous))
  const facts = forge.adapter()
  let closed = false
  const openOnly = <T>(work: () => T): T => {
    if (closed) throw new HomeostatError('HOMEOSTAT_CLOSED', 'the forge was closed')
    return call(work)
  }
  const run = async (id: number, given: readonly (Uint8Array | BufferCore)[], stay: boolean) => {
    const bytes = given.map((one) => (one instanceof Uint8Array ? one : new Uint8Array()))
    const handles = given.map((one) => (one instanceof Uint8Array ? 0 : (one as Tensor).handle))
    if (!stay) return wait(openOnly(() => forge.run(id, bytes, handles)))
    const kept = await wait(openOnly(() => forge.runStaying(id, bytes, handles)))
    return kept.map((handle) => new Tensor(forge, wait, handle))
  }
  return {
    adapter: facts === '' ? undefined : (JSON.parse(facts) as AdapterFacts),
    trouble: forge.trouble() || undefined,
    kernel: async (recipe, config) => {
      const id = openOnly(() => forge.kernel(recipe, config))
      return {
        id,
        run: ((given: readonly (Uint8Array | BufferCore)[], stay: boolean) =>
          run(id, given, stay)) as KernelCore['run'],
        explain: async () => JSON.parse(openOnly(() => forge.explain(id))) as CoreExplanation,
        known: async () => JSON.parse(openOnly(() => forge.known(id))) as KnownKernel[],
        close: () => {
          if (!closed) forge.dispose(id)
        },
      }
    },
    upload: async (dtype, bytes) => new Tensor(forge, wait, await wait(openOnly(() => forge.upload(dtype, bytes)))),
    takeEvents: async () => JSON.parse(openOnly(() => forge.takeEvents())) as Told,
    takeJournal: async () => openOnly(() => forge.takeJournal(JOURNAL_BYTES)),
    readLibrary: async (bytes) => openOnly(() => forge.readLibrary(bytes)),
    takeLibrary: async () => openOnly(() => forge.takeLibrary()),
    close: async () => {
      closed = true
      await wait(forge.close())
    },
  }
}
