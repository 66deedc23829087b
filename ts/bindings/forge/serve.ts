/**
 * The worker's side: objects by their numbers, and one reply for each request.
 */
import { fromCore } from '../../errors.js'
import type { BufferCore, DType, ForgeBinding, ForgeCore, KernelCore, OpenOptions } from '../../forge-binding.js'
import { isTensorRef, own, type Port, type Request, type TensorRef } from './protocol.js'

type Call = (of: number, args: readonly unknown[]) => Promise<unknown>

/** @param make the binding from what the page sends @param nowUs the worker's own clock */
export function serve(port: Port, make: (source: unknown) => Promise<ForgeBinding>, nowUs: () => number): void {
  const forges = new Map<number, ForgeCore>()
  const kernels = new Map<number, KernelCore>()
  const tensors = new Map<number, BufferCore>()
  /** Tensors of each forge: they go with it. */
  const owned = new Map<number, Set<number>>()
  /** Whose kernel it is. */
  const homes = new Map<number, number>()
  let next = 0
  let binding: ForgeBinding | undefined
  const loaded = (): ForgeBinding => {
    if (binding === undefined) throw new Error('the worker was not loaded')
    return binding
  }
  const need = <T>(from: ReadonlyMap<number, T>, of: number): T => {
    const found = from.get(of)
    if (found === undefined) throw new Error(`HOMEOSTAT_CLOSED: it was given up before this call`)
    return found
  }
  const keep = <T>(into: Map<number, T>, value: T): number => {
    into.set(++next, value)
    return next
  }

  const keepTensors = (forge: number, made: readonly BufferCore[]): number[] => {
    const all = owned.get(forge)
    if (all === undefined) {
      for (const tensor of made) tensor.close()
      throw new Error('HOMEOSTAT_CLOSED: the forge was closed')
    }
    return made.map((tensor) => {
      const of = keep(tensors, tensor)
      all.add(of)
      return of
    })
  }
  const free = (of: number): void => {
    tensors.get(of)?.close()
    tensors.delete(of)
    for (const all of owned.values()) all.delete(of)
  }

  const calls: Readonly<Record<string, Call>> = {
    load: async (_, [source]) => {
      binding = await make(source)
      return binding.version()
    },
    facts: async (_, [recipe]) => loaded().facts(recipe as string),
    adapters: async () => loaded().adapters(),
    open: async (_, [options]) => {
      const forge = await loaded().open({ ...(options as Omit<OpenOptions, 'nowUs'>), nowUs })
      const of = keep(forges, forge)
      owned.set(of, new Set())
      return { forge: of, adapter: forge.adapter, trouble: forge.trouble }
    },
    kernel: async (of, [recipe, config]) => {
      const kernel = await need(forges, of).kernel(recipe as string, config as string)
      const number = keep(kernels, kernel)
      homes.set(number, of)
      return { id: kernel.id, kernel: number }
    },
    run: async (of, [given, stay]) => {
      const inputs = (given as readonly (Uint8Array | TensorRef)[]).map((one) =>
        isTensorRef(one) ? need(tensors, one.tensor) : one,
      )
      const kernel = need(kernels, of)
      const home = homes.get(of) as number
      if (stay) return keepTensors(home, await kernel.run(inputs, true))
      return (await kernel.run(inputs, false)).map(own)
    },
    explain: async (of) => need(kernels, of).explain(),
    known: async (of) => need(kernels, of).known(),
    dispose: async (of) => {
      kernels.get(of)?.close()
      kernels.delete(of)
      homes.delete(of)
    },
    upload: async (of, [dtype, bytes]) =>
      keepTensors(of, [await need(forges, of).upload(dtype as DType, bytes as Uint8Array)])[0],
    read: async (of) => own(await need(tensors, of).read()),
    free: async (of) => free(of),
    takeEvents: async (of) => need(forges, of).takeEvents(),
    takeJournal: async (of) => need(forges, of).takeJournal(),
    readLibrary: async (of, [bytes]) => need(forges, of).readLibrary(bytes as Uint8Array),
    takeLibrary: async (of) => need(forges, of).takeLibrary(),
    close: async (of) => {
      const forge = forges.get(of)
      forges.delete(of)
      for (const tensor of owned.get(of) ?? []) free(tensor)
      owned.delete(of)
      await forge?.close()
    },
  }

  port.addEventListener('message', ({ data }: MessageEvent<Request>) => {
    void answer(data)
  })

  async function answer({ id, call, of, args }: Request): Promise<void> {
    try {
      const value = await calls[call]?.(of, args)
      const all = Array.isArray(value) ? value : [value]
      // What is handed over is gone here; a tensor that stays in memory keeps its own.
      const transfer = call === 'run' ? all.filter((one) => one instanceof Uint8Array).map((one) => one.buffer) : []
      port.postMessage({ id, value }, transfer)
    } catch (error) {
      const { code, message, option } = fromCore(error)
      port.postMessage({ id, error: { code, message, option } }, [])
    }
  }
}
