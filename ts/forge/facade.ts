/**
 * The same forge for every runtime: an entry makes it from its host and exports what it gives.
 */
import { HomeostatError } from '../errors.js'
import type { AdapterFacts } from '../forge-binding.js'
import { Loader, type Ready } from '../ready.js'
import { type Forge, openForge } from './forge.js'
import type { ForgeHost } from './host.js'
import { type ForgeOptions, resolve } from './options.js'

export interface ForgeFacade {
  readonly ready: Ready
  /**
   * Opens a forge: `const f = await forge()`. On a GPU where there is one, on the processor where there is none, with one line that
   * says so. Throws `HOMEOSTAT_INVALID_OPTION` or `HOMEOSTAT_UNKNOWN_OPTION`, and `HOMEOSTAT_NO_ADAPTER` where an adapter was named
   * or a GPU asked for that is not there.
   */
  forge(options?: ForgeOptions): Promise<Forge>
  /** Every adapter there is, the best first. */
  adapters(): Promise<readonly AdapterFacts[]>
}

export function makeForgeFacade(host: ForgeHost): ForgeFacade {
  const loader = new Loader(host)
  return {
    ready: async (source) => {
      await loader.load(source)
    },
    forge: async (options = {}) => {
      const resolved = resolve(options)
      const { library } = resolved
      if (typeof library === 'string' && host.openLibrary === undefined) {
        const text = `library: there are no files in ${host.target}, give a store`
        throw new HomeostatError('HOMEOSTAT_UNSUPPORTED', text, { option: 'library' })
      }
      if (library === undefined)
        return openForge(await loader.load(), resolved, host.defaultLibrary?.(), host.warn, true)
      const store = typeof library === 'string' ? host.openLibrary?.(library) : library || undefined
      return openForge(await loader.load(), resolved, store, host.warn)
    },
    adapters: async () => (await loader.load()).adapters(),
  }
}
