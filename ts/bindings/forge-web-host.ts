/**
 * The forge's host for runtimes without Node's modules: browsers, where it gets a worker, and edge runtimes that bring the compiled
 * module along.
 */
import { HomeostatError } from '../errors.js'
import type { ForgeHost } from '../forge/host.js'
import type { LibraryStore } from '../forge/library.js'
import type { ForgeBinding } from '../forge-binding.js'
import { remoteForge } from './forge/remote.js'
import { wasmForgeBinding } from './forge-wasm.js'
import { compiledFrom } from './wasm-source.js'

type Target = 'browser' | 'workerd' | 'edge-light'

/**
 * `source`: a compiled module, or where to fetch it. `makeWorker`: where there are workers, the one that {@link serve}s. `openLibrary`: where
 * something can be kept.
 */
export function forgeWebHost(
  target: Target,
  source: WebAssembly.Module | URL,
  makeWorker?: () => Worker,
  openLibrary?: (name?: string) => LibraryStore,
): ForgeHost {
  const warn = (line: string): void => console.warn(line)
  return {
    target,
    remedy: 'await ready() first',
    loadBinding: async (given) => {
      const wanted = given ?? source
      if (makeWorker === undefined) return wasmForgeBinding(await compiledFrom(wanted))
      try {
        return await inWorker(makeWorker, wanted)
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        warn(`homeostat: the forge has no worker (${reason}); it works on the page's own thread`)
        return wasmForgeBinding(await compiledFrom(wanted))
      }
    },
    warn,
    ...(openLibrary !== undefined && { openLibrary, defaultLibrary: () => openLibrary() }),
  }
}

async function inWorker(makeWorker: () => Worker, source: unknown): Promise<ForgeBinding> {
  const worker = makeWorker()
  const remote = remoteForge(worker)
  worker.addEventListener('error', (event) => {
    remote.end(
      new HomeostatError('HOMEOSTAT_PANIC', `the forge's worker failed: ${event.message ?? 'it could not be loaded'}`),
    )
  })
  try {
    // A URL does not travel, its text does.
    await remote.load(source instanceof URL ? source.href : source)
    return remote.binding
  } catch (error) {
    worker.terminate()
    throw error
  }
}
