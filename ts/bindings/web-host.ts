/**
 * The host for runtimes without Node's modules: browsers, and edge runtimes that bring the compiled module along.
 */
import type { Host } from '../host.js'
import { wasmBinding } from './wasm.js'
import { compiledFrom } from './wasm-source.js'

/** `source`: a compiled module, or where to fetch it. */
export function webHost(target: 'browser' | 'workerd' | 'edge-light', source: WebAssembly.Module | URL): Host {
  return {
    target,
    remedy: 'await ready() first',
    loadBinding: async (given) => wasmBinding(await compiledFrom(given ?? source)),
    env: (name) => environment()?.[name],
    warn: (line) => console.warn(line),
    randomId: () => crypto.randomUUID?.() ?? hexId(),
  }
}

/** Some edge runtimes emulate `process.env`; elsewhere there is no environment. */
function environment(): Record<string, string | undefined> | undefined {
  return (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env
}

/** `randomUUID` exists in secure contexts only. */
function hexId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
