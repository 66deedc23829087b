/**
 * Artifacts in S3, or what speaks like it, by `fetch`: any runtime, no package. An object is there when its upload was
 * answered, and its name is the hash of its bytes, so that uploads at once and repeated ones do no harm.
 */
import { wallTimeMs } from '../../clock.js'
import { HomeostatError } from '../../errors.js'
import * as check from '../../schema/checks.js'
import type { DurationInput } from '../../units.js'
import { type ArtifactStore, checkDigest, checked, digestOf } from '../artifacts.js'
import { storageError, wrongUrl } from '../errors.js'
import { type Credentials, encodeRfc3986, sign } from './sign.js'

export interface S3Options {
  /** 3 to 63 of a-z 0-9 . - */
  bucket: string
  /** Start of the objects' names, without a slash at its end. Default none. */
  prefix?: string
  /** URL of the service. Default Amazon's of the region. */
  endpoint?: string
  /** Default `us-east-1`. */
  region?: string
  credentials: Credentials
  /** Whether the bucket stands in the path (`true`) or before the host. Default true with an endpoint, else false. */
  pathStyle?: boolean
  /** Longest time of one request. 100 ms to 10 min; default 30 s. */
  timeout?: DurationInput
  /** How often a request that got no answer, or was told to come again, is repeated. 0 to 10; default 3. */
  retries?: number
  /** Default: the runtime's. */
  fetch?: typeof fetch
}

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/
const RETRY_FIRST_MS = 50
const EMPTY = new Uint8Array()
/** Statuses after which the same request may succeed. */
const AGAIN = new Set([408, 429, 500, 502, 503, 504])

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
    await this.#bucket.request('PUT', digest, { body: bytes as Uint8Array<ArrayBuffer> })
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
        const name = key.slice(this.#bucket.prefix.length)
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

interface RequestOptions {
  readonly body?: Uint8Array<ArrayBuffer>
  readonly query?: Readonly<Record<string, string>>
  /** An object that is not there is undefined, not an error. */
  readonly missing?: boolean
}

interface Answer {
  readonly headers: Headers
  readonly body: Uint8Array
}

class Bucket {
  /** For people. */
  readonly name: string
  readonly prefix: string
  readonly #base: URL
  readonly #region: string
  readonly #credentials: Credentials
  readonly #timeoutMs: number
  readonly #retries: number
  readonly #fetch: typeof fetch

  constructor(options: S3Options) {
    const known = ['bucket', 'prefix', 'endpoint', 'region', 'credentials', 'pathStyle', 'timeout', 'retries', 'fetch']
    check.onlyKeys('options', check.object('options', options), known)
    const { bucket } = options
    if (typeof bucket !== 'string' || !BUCKET.test(bucket))
      throw wrongUrl('bucket', '3 to 63 of a-z 0-9 . -', String(bucket))
    this.#region = check.text('options.region', options.region ?? 'us-east-1')
    const given = check.object('options.credentials', options.credentials) as unknown as Credentials
    check.text('options.credentials.accessKeyId', given.accessKeyId)
    check.text('options.credentials.secretAccessKey', given.secretAccessKey)
    this.#credentials = given
    const prefix = options.prefix ?? ''
    this.prefix = prefix === '' ? '' : `${prefix.replace(/^\/+|\/+$/g, '')}/`
    this.#timeoutMs = check.duration('options.timeout', options.timeout, { min: 100, max: 600_000, fallback: 30_000 })
    this.#retries = check.number('options.retries', options.retries, { min: 0, max: 10, whole: true, fallback: 3 })
    this.#fetch = options.fetch ?? fetch
    const endpoint = options.endpoint ?? `https://s3.${this.#region}.amazonaws.com`
    this.#base = baseOf(endpoint, bucket, options.pathStyle ?? options.endpoint !== undefined)
    this.name = `the bucket ${bucket} at ${this.#base.origin}`
  }

  async request(method: string, object: string | undefined, options: RequestOptions = {}): Promise<Answer | undefined> {
    for (let attempt = 0; ; attempt++) {
      let status = 0
      let failure: unknown
      try {
        const response = await this.#send(method, object, options)
        const body = new Uint8Array(await response.arrayBuffer())
        if (response.ok) return { headers: response.headers, body }
        status = response.status
        const code = /<Code>([^<]*)<\/Code>/.exec(new TextDecoder().decode(body))?.[1] ?? ''
        if (status === 404 && object !== undefined && options.missing === true && code !== 'NoSuchBucket')
          return undefined
        failure = new Error(`status ${status}${code === '' ? '' : `, ${code}`}`)
        if (!AGAIN.has(status)) throw translate(this.name, status, code, failure as Error)
      } catch (error) {
        if (error instanceof HomeostatError) throw error
        failure = error
      }
      if (attempt >= this.#retries) throw storageError('UNREACHABLE', this.name, reasonOf(failure))
      await new Promise((resolve) => setTimeout(resolve, RETRY_FIRST_MS * 2 ** attempt))
    }
  }

  async #send(method: string, object: string | undefined, { body, query = {} }: RequestOptions): Promise<Response> {
    const url = new URL(this.#base)
    if (object !== undefined)
      url.pathname += `${url.pathname.endsWith('/') ? '' : '/'}${encodeRfc3986(this.prefix).replaceAll('%2F', '/')}${object}`
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
    // URLSearchParams writes a space as `+`, which the signature does not.
    url.search = url.search.replaceAll('+', '%20')
    const headers = await sign(
      { method, url, headers: {}, body: body ?? EMPTY },
      this.#credentials,
      this.#region,
      wallTimeMs(),
    )
    return this.#fetch(url, {
      method,
      headers,
      redirect: 'error',
      signal: AbortSignal.timeout(this.#timeoutMs),
      ...(body === undefined ? {} : { body }),
    })
  }
}

function baseOf(endpoint: string, bucket: string, pathStyle: boolean): URL {
  const range = 'a URL like https://s3.example.com'
  let url: URL
  try {
    url = new URL(endpoint)
  } catch (cause) {
    throw wrongUrl('endpoint', range, endpoint, cause)
  }
  if (!/^https?:$/.test(url.protocol)) throw wrongUrl('endpoint', range, endpoint)
  if (pathStyle) url.pathname = `${url.pathname.replace(/\/+$/, '')}/${bucket}`
  else url.host = `${bucket}.${url.host}`
  return url
}

function translate(what: string, status: number, code: string, cause: Error): HomeostatError {
  if (code === 'NoSuchBucket' || status === 404) return storageError('MISSING', what, cause)
  if (status === 507 || /Quota|StorageFull|NoSpace|InsufficientCapacity/i.test(code))
    return storageError('FULL', what, cause)
  if (status === 401 || status === 403) return storageError('CREDENTIALS', what, cause)
  if (status === 405 || status === 423) return storageError('READ_ONLY', what, cause)
  return storageError('IO', what, cause)
}

/** `fetch` hides why it failed in `cause`. */
function reasonOf(error: unknown): unknown {
  const { cause } = Object(error) as { cause?: unknown }
  return cause instanceof Error ? cause : error
}

function unescapeXml(text: string): string {
  return text.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
}
