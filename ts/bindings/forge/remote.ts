/**
 * The forge in a worker, as the page sees it: compiling, proving and searching never take the page's thread.
 */
import { HomeostatError } from '../../errors.js'
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
} from '../../forge-binding.js'
import { own, type Port, type Reply, type TensorRef } from './protocol.js'

type Waiting = { readonly resolve: (value: never) => void; readonly reject: (error: Error) => void }

class Remote {
  readonly #port: Port
  readonly #waiting = new Map<number, Waiting>()
  #next = 0
  #dead: HomeostatError | undefined

  constructor(port: Port) {
    this.#port = port
    port.addEventListener('message', ({ data }: MessageEvent<Reply>) => {
      const waiting = this.#waiting.get(data.id)
      this.#waiting.delete(data.id)
      if ('value' in data) waiting?.resolve(data.value as never)
      else {
        const { code, message, option } = data.error
        waiting?.reject(new HomeostatError(code as HomeostatError['code'], message, { option }))
      }
    })
  }

  ask<T>(call: string, of: number, args: readonly unknown[] = [], transfer: Transferable[] = []): Promise<T> {
    if (this.#dead !== undefined) return Promise.reject(this.#dead)
    const id = ++this.#next
    const answer = new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as Waiting['resolve'], reject })
    })
    this.#port.postMessage({ id, call, of, args }, transfer)
    return answer
  }

  /** The worker is gone: whoever waits is told. */
  end(error: HomeostatError): void {
    this.#dead = error
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}

class Tensor implements BufferCore {
  readonly #remote: Remote
  readonly ref: TensorRef

  constructor(remote: Remote, tensor: number) {
    this.#remote = remote
    this.ref = { tensor }
  }

  read(): Promise<Uint8Array> {
    return this.#remote.ask('read', this.ref.tensor)
  }

  close(): void {
    this.#remote.ask('free', this.ref.tensor).catch(() => undefined)
  }
}

export interface RemoteForge {
  readonly binding: ForgeBinding
  /** Has the worker load the module. */
  load(source: unknown): Promise<void>
  /** The worker failed. */
  end(error: HomeostatError): void
}

export function remoteForge(port: Port): RemoteForge {
  const remote = new Remote(port)
  let version = ''
  return {
    load: async (source) => {
      version = await remote.ask<string>('load', 0, [source])
    },
    end: (error) => remote.end(error),
    binding: {
      kind: 'wasm',
      version: () => version,
      facts: (recipe) => remote.ask<string>('facts', 0, [recipe]),
      adapters: () => remote.ask<readonly AdapterFacts[]>('adapters', 0),
      open: (options) => open(remote, options),
    },
  }
}

async function open(remote: Remote, { nowUs: _, ...options }: OpenOptions): Promise<ForgeCore> {
  type Opened = { forge: number; adapter: AdapterFacts | undefined; trouble: string | undefined }
  const { forge, adapter, trouble } = await remote.ask<Opened>('open', 0, [options])
  return {
    adapter,
    trouble,
    kernel: async (recipe, config) => kernel(remote, await remote.ask('kernel', forge, [recipe, config])),
    upload: async (dtype, bytes) => {
      const copy = bytes.slice()
      return new Tensor(remote, await remote.ask<number>('upload', forge, [dtype, copy], [copy.buffer]))
    },
    takeEvents: () => remote.ask<Told>('takeEvents', forge),
    takeJournal: () => remote.ask<string>('takeJournal', forge),
    readLibrary: (bytes) => remote.ask<readonly number[]>('readLibrary', forge, [own(bytes)]),
    takeLibrary: () => remote.ask<string>('takeLibrary', forge),
    close: () => remote.ask<void>('close', forge),
  }
}

function kernel(remote: Remote, { id, kernel }: { id: number; kernel: number }): KernelCore {
  const run = async (
    inputs: readonly (Uint8Array | BufferCore)[],
    stay: boolean,
  ): Promise<Uint8Array[] | BufferCore[]> => {
    const transfer: Transferable[] = []
    const given = inputs.map((one) => {
      if (!(one instanceof Uint8Array)) return (one as Tensor).ref
      const copy = one.slice()
      transfer.push(copy.buffer)
      return copy
    })
    const outputs = await remote.ask<(Uint8Array | number)[]>('run', kernel, [given, stay], transfer)
    return outputs.map((one) => (typeof one === 'number' ? new Tensor(remote, one) : one)) as
      | Uint8Array[]
      | BufferCore[]
  }
  return {
    id,
    run: run as KernelCore['run'],
    explain: () => remote.ask<CoreExplanation>('explain', kernel),
    known: () => remote.ask<readonly KnownKernel[]>('known', kernel),
    close: () => void remote.ask('dispose', kernel).catch(() => undefined),
  }
}
