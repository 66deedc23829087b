/** A panic in WebAssembly is a trap without a text: what it was, and which function of the module. */
export function trapText(error: unknown): string | undefined {
  if (!(error instanceof WebAssembly.RuntimeError)) return undefined
  const place = error.stack?.match(/wasm-function\[\d+\](?::0x[0-9a-f]+)?/)?.[0]
  return place === undefined ? error.message : `${error.message} in ${place}`
}
