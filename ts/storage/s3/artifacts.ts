/**
 * Artifacts in S3, or what speaks like it, by `fetch`: any runtime, no package. An object is there when its upload was
 * answered, and its name is the hash of its bytes, so that uploads at once and repeated ones do no harm.
 */
import { type ArtifactStore, checkDigest, checked, digestOf } from '../artifacts.js'
import { Bucket, type S3Options } from './bucket.js'
import { PART_BYTES, putInParts, unescapeXml } from './multipart.js'

export type { S3Options } from './bucket.js'

/** Opens a bucket, which has to exist. Throws `HOMEOSTAT_STORAGE_*`. */
export async function openS3Artifacts(options: S3Options): Promise<ArtifactStore> {
  const store = new S3Artifacts(new Bucket(options))
  await store.ping()
  return store
}

class S3Artifacts implements ArtifactStore {
  readonly kind = 's3'
  readonly #bucket: Bucket

  constructor(bucket: Bucket) {
    this.#bucket = bucket
  }

  async put(bytes: Uint8Array): Promise<string> {
    const digest = await digestOf(bytes)
    const body = bytes as Uint8Array<ArrayBuffer>
    if (body.length > PART_BYTES) await putInParts(this.#bucket, digest, body)
    else await this.#bucket.request('PUT', digest, { body })
    return digest
  }

  async get(digest: string): Promise<Uint8Array | undefined> {
    const response = await this.#bucket.request('GET', checkDigest(digest), { missing: true })
    if (response === undefined) return undefined
    return checked(digest, response.body, `${this.#bucket.name}, object ${digest},`)
  }

  async size(digest: string): Promise<number | undefined> {
    const response = await this.#bucket.request('HEAD', checkDigest(digest), { missing: true })
    return response === undefined ? undefined : Number(response.headers.get('content-length'))
  }

  async *list(): AsyncGenerator<string> {
    for (let token = ''; ; ) {
      const query = {
        'list-type': '2',
        prefix: this.#bucket.prefix,
        ...(token === '' ? {} : { 'continuation-token': token }),
      }
      const response = await this.#bucket.request('GET', undefined, { query })
      const text = new TextDecoder().decode(response?.body)
      for (const [, key = ''] of text.matchAll(/<Key>([^<]*)<\/Key>/g)) {
        const name = unescapeXml(key).slice(this.#bucket.prefix.length)
        if (/^[0-9a-f]{64}$/.test(name)) yield name
      }
      const next = /<NextContinuationToken>([^<]+)</.exec(text)?.[1]
      if (next === undefined || !/<IsTruncated>true</.test(text)) return
      token = unescapeXml(next)
    }
  }

  async remove(digest: string): Promise<boolean> {
    if ((await this.size(digest)) === undefined) return false
    await this.#bucket.request('DELETE', digest, { missing: true })
    return true
  }

  async ping(): Promise<void> {
    await this.#bucket.request('HEAD', undefined)
  }

  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}
}
