/**
 * The reflex's host for runtimes without Node's modules: browsers, and edge runtimes that bring the compiled module along.
 */
import type { ReflexHost } from '../resilience/host.js'
import { wasmReflexBinding } from './reflex-wasm.js'
import { compiledFrom } from './wasm-source.js'

/** `source`: a compiled module, or where to fetch it. */
export function reflexWebHost(
  target: 'browser' | 'workerd' | 'edge-light',
  source: WebAssembly.Module | URL,
): ReflexHost {
  return {
    target,
    remedy: 'await ready() first',
    loadBinding: async (given) => wasmReflexBinding(await compiledFrom(given ?? source)),
    warn: (line) => console.warn(line),
    // Breakers of many processes must not come back at the same time.
    randomSeed: () => crypto.getRandomValues(new Uint32Array(1))[0] as number,
  }
}
