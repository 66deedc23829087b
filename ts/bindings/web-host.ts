/**
 * The host for runtimes without Node's modules: browsers, and edge runtimes that bring the compiled module along.
 */
import { HomeostatError } from '../errors.js'
import type { Host } from '../host.js'
import { isWasmSource, type WasmSource, wasmBinding } from './wasm.js'

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

async function compiledFrom(source: unknown): Promise<WasmSource> {
  if (isWasmSource(source)) return source
  const response = await fetch(source as unknown as URL)
  if (!response.ok) {
    throw new HomeostatError(
      'HOMEOSTAT_NO_BINDING',
      `the core could not be fetched from ${response.url}: status ${response.status}`,
    )
  }
  // Bytes rather than streaming compilation, which refuses servers that send another content type.
  return WebAssembly.compile(await response.arrayBuffer())
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
