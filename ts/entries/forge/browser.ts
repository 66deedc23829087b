import { forgeWebHost } from '../../bindings/forge-web-host.js'
import { makeForgeFacade } from '../../forge/facade.js'

export const { ready, forge, adapters } = makeForgeFacade(
  forgeWebHost(
    'browser',
    new URL('../wasm/homeostat_forge_bg.wasm', import.meta.url),
    // In the words that bundlers look for.
    () => new Worker(new URL('./forge-worker.js', import.meta.url), { type: 'module' }),
  ),
)
export * from '../../forge/public.js'
