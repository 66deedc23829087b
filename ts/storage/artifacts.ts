/**
 * Blobs under the SHA-256 of their bytes. Who knows the digest knows what to expect: what comes back is checked against it, the
 * same bytes are kept once, and a blob is there wholly or not at all.
 */
import { HomeostatError, invalid } from '../errors.js'
import { sha256 } from './hash.js'

/** Largest blob. */
export const ARTIFACT_MAX = 2 ** 30

export interface ArtifactStore {
  /** What it is, for people: `memory`, `files`, `s3`. */
  readonly kind: string
  /** Keeps bytes; when it resolves they are kept. Returns their digest, 64 hex digits. */
  put(bytes: Uint8Array): Promise<string>
  /** The bytes, or undefined. Throws `HOMEOSTAT_STORAGE_CORRUPT` where they are not those of the digest. */
  get(digest: string): Promise<Uint8Array | undefined>
  /** Size in bytes, or undefined. */
  size(digest: string): Promise<number | undefined>
  /** Digests in order. */
  list(): AsyncGenerator<string>
  /** False where there was none. */
  remove(digest: string): Promise<boolean>
  /** Rejects with `HOMEOSTAT_STORAGE_*` where the store cannot be used now. */
  ping(): Promise<void>
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export async function digestOf(bytes: Uint8Array): Promise<string> {
  if (!(bytes instanceof Uint8Array)) throw invalid('bytes', 'a Uint8Array', bytes)
  if (bytes.length > ARTIFACT_MAX) throw invalid('bytes', `at most ${ARTIFACT_MAX} bytes`, bytes.length)
  return sha256(bytes as Uint8Array<ArrayBuffer>)
}

export function checkDigest(digest: unknown): string {
  if (typeof digest !== 'string' || !/^[0-9a-f]{64}$/.test(digest)) throw invalid('digest', '64 hex digits', digest)
  return digest
}

/** Hands back bytes that are those of the digest. */
export async function checked(digest: string, bytes: Uint8Array, where: string): Promise<Uint8Array> {
  if ((await digestOf(bytes)) === digest) return bytes
  throw new HomeostatError('HOMEOSTAT_STORAGE_CORRUPT', `${where} does not hold the bytes that its name says`)
}

/** Artifacts of this process alone. */
export class MemoryArtifacts implements ArtifactStore {
  readonly kind = 'memory'
  readonly #held = new Map<string, Uint8Array>()

  async put(bytes: Uint8Array): Promise<string> {
    const digest = await digestOf(bytes)
    this.#held.set(digest, bytes.slice())
    return digest
  }

  async get(digest: string): Promise<Uint8Array | undefined> {
    return this.#held.get(checkDigest(digest))?.slice()
  }

  async size(digest: string): Promise<number | undefined> {
    return this.#held.get(checkDigest(digest))?.length
  }

  async *list(): AsyncGenerator<string> {
    yield* [...this.#held.keys()].sort()
  }

  async remove(digest: string): Promise<boolean> {
    return this.#held.delete(checkDigest(digest))
  }

  async ping(): Promise<void> {}

  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}
}
