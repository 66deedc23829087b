/** Requests to a bucket: signed, repeated where that may help, and given up when nothing moves. */
import { wallTimeMs } from '../../clock.js'
import { HomeostatError } from '../../errors.js'
import * as check from '../../schema/checks.js'
import type { DurationInput } from '../../units.js'
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
  /**
   * Longest time without an answer, and between pieces of one. Large blobs go up in parts of 8 MiB, each of which has this time. 100 ms
   * to 10 min; default 30 s.
   */
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

export class Bucket {
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
      const late = new Idle(this.#timeoutMs)
      try {
        const response = await this.#send(method, object, options, late.signal)
        const body = await bodyOf(response, late)
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
      } finally {
        late.stop()
      }
      if (attempt >= this.#retries) throw storageError('UNREACHABLE', this.name, reasonOf(failure))
      await new Promise((resolve) => setTimeout(resolve, RETRY_FIRST_MS * 2 ** attempt))
    }
  }

  async #send(
    method: string,
    object: string | undefined,
    { body, query = {} }: RequestOptions,
    signal: AbortSignal,
  ): Promise<Response> {
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
      signal,
      ...(body === undefined ? {} : { body }),
    })
  }
}

/** Ends what it is given to when nothing moved for so long. */
class Idle {
  readonly #ms: number
  readonly #controller = new AbortController()
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(ms: number) {
    this.#ms = ms
    this.moved()
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  moved(): void {
    clearTimeout(this.#timer)
    const reason = new Error(`nothing moved for ${this.#ms} ms`)
    this.#timer = setTimeout(() => this.#controller.abort(reason), this.#ms)
  }

  stop(): void {
    clearTimeout(this.#timer)
  }
}

async function bodyOf(response: Response, late: Idle): Promise<Uint8Array> {
  if (response.body === null) return EMPTY
  const pieces: Uint8Array[] = []
  const reader = response.body.getReader()
  // A body of one's own `fetch` may know nothing of the signal.
  const end = (): void => void reader.cancel(late.signal.reason).catch(() => {})
  late.signal.addEventListener('abort', end)
  try {
    for (;;) {
      late.moved()
      const { done, value } = await reader.read()
      late.signal.throwIfAborted()
      if (done) break
      pieces.push(value)
    }
  } finally {
    late.signal.removeEventListener('abort', end)
  }
  const body = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    body.set(piece, at)
    at += piece.length
  }
  return body
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
