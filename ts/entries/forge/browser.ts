import { forgeWebHost } from '../../bindings/forge-web-host.js'
import { makeForgeFacade } from '../../forge/facade.js'
import { IndexedDbLibrary } from '../../forge/indexed-library.js'

export const { ready, forge, adapters } = makeForgeFacade(
  forgeWebHost(
    'browser',
    new URL('../wasm/homeostat_forge_bg.wasm', import.meta.url),
    // In the words that bundlers look for.
    () => new Worker(new URL('./forge-worker.js', import.meta.url), { type: 'module' }),
    typeof indexedDB === 'undefined' ? undefined : (name) => new IndexedDbLibrary(name),
  ),
)
export * from '../../forge/public.js'
