/** SHA-256 by Web Crypto, which every runtime has; of a line by the runtime's own module, where there is one. */

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

export function toHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += HEX[byte]
  return text
}

export function fromHex(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length >> 1)
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16)
  return bytes
}

export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)))
}

interface Hash {
  update(data: string, encoding: 'hex' | 'utf8'): Hash
  digest(encoding: 'hex'): string
}
type Builtin = { getBuiltinModule?(name: string): { createHash(name: 'sha256'): Hash } | undefined }

/** Without a job of Web Crypto for each line. Not imported: bundles for browsers have no such module. */
const own = (globalThis as { process?: Builtin }).process?.getBuiltinModule?.('node:crypto')

/** Over the bytes that `link` has in hex, and `text` behind them. */
export function linkedHash(link: string, text: string): string | Promise<string> {
  if (own !== undefined) return own.createHash('sha256').update(link, 'hex').update(text, 'utf8').digest('hex')
  const [first, rest] = [fromHex(link), new TextEncoder().encode(text)]
  const bytes = new Uint8Array(first.length + rest.length)
  bytes.set(first)
  bytes.set(rest, first.length)
  return sha256(bytes)
}
