/**
 * What is served besides the interface: files of the package, from a table that a script writes. Nothing is read from a disk when a
 * request comes, so a path can lead nowhere else.
 */
import { INDEX } from './index-page.js'

export interface Asset {
  readonly type: string
  /** Text, or base64 of what is no text. */
  readonly body: string
  readonly base64?: boolean
  /** Its name has its hash: it may be kept for ever. */
  readonly immutable?: boolean
  /** Of a page: `sha256-…` of the scripts and styles within it. None but these may run. */
  readonly inline?: { readonly scripts: readonly string[]; readonly styles: readonly string[] }
}

/** By path below the server's own, without a leading slash; the empty one is the page. The build of the dashboard makes the files. */
export type Assets = Readonly<Record<string, Asset>>

/** Until there is more: links to what there is. */
export const DEFAULT_ASSETS: Assets = { '': { type: 'text/html; charset=utf-8', body: INDEX } }

/**
 * No script or style but from files of this server and those within the page whose hashes are known, no request to anywhere else, in
 * nobody's frame.
 */
export function policyOf({ inline }: Asset): string {
  const sources = (hashes: readonly string[] = []): string => ["'self'", ...hashes.map((one) => `'${one}'`)].join(' ')
  return [
    "default-src 'none'",
    `script-src ${sources(inline?.scripts)}`,
    `style-src ${sources(inline?.styles)}`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

const decoded = new Map<Asset, Uint8Array<ArrayBuffer>>()

export function bytesOf(asset: Asset): Uint8Array<ArrayBuffer> {
  let bytes = decoded.get(asset)
  if (bytes === undefined) {
    bytes = asset.base64 === true ? fromBase64(asset.body) : new TextEncoder().encode(asset.body)
    decoded.set(asset, bytes)
  }
  return bytes
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text)
  const bytes = new Uint8Array(binary.length)
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i)
  return bytes
}
