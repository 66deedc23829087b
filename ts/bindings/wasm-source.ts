/**
 * What a WebAssembly module can be made from, and how it is got where there are no files.
 */
import { HomeostatError } from '../errors.js'

export type WasmSource = WebAssembly.Module | BufferSource

export function isWasmSource(value: unknown): value is WasmSource {
  return value instanceof WebAssembly.Module || value instanceof ArrayBuffer || ArrayBuffer.isView(value)
}

/** `source`: what a module can be made from, or where to fetch it. */
export async function compiledFrom(source: unknown): Promise<WasmSource> {
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
