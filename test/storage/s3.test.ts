/** What a server that behaves cannot show: signatures to the letter, answers that come late, in pages or not at all. */
import { describe, expect, test } from 'vitest'
import { openS3Artifacts } from '../../ts/storage/index.js'
import { sign } from '../../ts/storage/s3/sign.js'

const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' }

/** The examples of "Signature Calculations for the Authorization Header", Amazon S3 API Reference. */
test.each([
  ['GET', '/test.txt', { range: 'bytes=0-9' }, '', 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41'],
  [
    'PUT',
    '/test%24file.text',
    { date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' },
    'Welcome to Amazon S3.',
    '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
  ],
  ['GET', '/?lifecycle', {}, '', 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543'],
  ['GET', '/?max-keys=2&prefix=J', {}, '', '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7'],
])('signs %s %s as the reference does', async (method, path, headers, body, signature) => {
  const url = new URL(path, 'https://examplebucket.s3.amazonaws.com')
  const given = { method, url, headers, body: new TextEncoder().encode(body) }
  const { authorization } = await sign(given, credentials, 'us-east-1', Date.UTC(2013, 4, 24))
  expect(authorization).toContain(`Signature=${signature}`)
})

describe('with answers of our own', () => {
  type Answer = (url: URL, init: RequestInit) => Response | Promise<Response>

  /** Opens a bucket that answers a ping and then as told. */
  async function bucket(answer: Answer, more: object = {}) {
    const asked: string[] = []
    let opened = false
    const fetched = async (input: unknown, init: RequestInit = {}): Promise<Response> => {
      if (!opened) {
        opened = true
        return new Response(null)
      }
      const url = input as URL
      asked.push(`${init.method} ${url.host}${url.pathname}${url.search}`)
      return answer(url, init)
    }
    const store = await openS3Artifacts({ bucket: 'abc', credentials, fetch: fetched as typeof fetch, ...more })
    return { store, asked }
  }
  const digest = 'ab'.repeat(32)

  test('the bucket stands before the host, or in the path', async () => {
    const missing = () => new Response(null, { status: 404 })
    const one = await bucket(missing, { region: 'eu-central-1', prefix: '/a b/' })
    expect(await one.store.size(digest)).toBeUndefined()
    expect(one.asked).toEqual([`HEAD abc.s3.eu-central-1.amazonaws.com/a%20b/${digest}`])
    const two = await bucket(missing, { endpoint: 'http://localhost:9000/s3/' })
    expect(await two.store.get(digest)).toBeUndefined()
    expect(two.asked).toEqual([`GET localhost:9000/s3/abc/${digest}`])
  })

  test('a list comes in pages', async () => {
    const page = (key: string, next?: string): Response =>
      new Response(
        `<ListBucketResult><IsTruncated>${next !== undefined}</IsTruncated><Contents><Key>x/${key}</Key></Contents>` +
          `<Contents><Key>x/other</Key></Contents>${next === undefined ? '' : `<NextContinuationToken>${next}</NextContinuationToken>`}</ListBucketResult>`,
      )
    const { store, asked } = await bucket(
      ({ searchParams }) =>
        searchParams.get('continuation-token') === 'a+b&c=' ? page('b'.repeat(64)) : page('a'.repeat(64), 'a+b&amp;c='),
      { prefix: 'x' },
    )
    const listed: string[] = []
    for await (const name of store.list()) listed.push(name)
    expect(listed).toEqual(['a'.repeat(64), 'b'.repeat(64)])
    expect(asked).toHaveLength(2)
  })

  test('keys come back as they are, whatever XML makes of them', async () => {
    const key = `a&amp;b&#39;&quot;c&#x27;d/${'a'.repeat(64)}`
    const { store } = await bucket(() => new Response(`<ListBucketResult><Key>${key}</Key></ListBucketResult>`), {
      prefix: `a&b'"c'd`,
    })
    const listed: string[] = []
    for await (const name of store.list()) listed.push(name)
    expect(listed).toEqual(['a'.repeat(64)])
  })

  describe('a large blob', () => {
    const bytes = new Uint8Array(20 << 20).fill(7)

    /** What takes uploads in parts; `refuse` says which requests it refuses. */
    async function inParts(refuse: (asked: string) => Response | undefined) {
      const parts = new Map<string, number>()
      const told = { parts, completed: '' }
      const answer: Answer = async ({ searchParams }, { method, body }) => {
        const part = searchParams.get('partNumber')
        const refused = refuse(`${method} ${part ?? [...searchParams.keys()].join()}`)
        if (refused !== undefined) return refused
        if (searchParams.has('uploads')) return new Response('<UploadId>id&amp;1</UploadId>')
        if (part !== null) {
          parts.set(part, (body as Uint8Array).length)
          return new Response(null, { headers: { etag: `"tag-${part}"` } })
        }
        if (method === 'POST') told.completed = new TextDecoder().decode(body as Uint8Array)
        return new Response(method === 'DELETE' ? null : '<CompleteMultipartUploadResult/>')
      }
      return { ...(await bucket(answer, { retries: 2 })), told }
    }

    test('goes up in parts, of which a failed one is sent again', async () => {
      let failures = 1
      const { store, asked, told } = await inParts((what) =>
        what === 'PUT 2' && failures-- > 0 ? new Response(null, { status: 503 }) : undefined,
      )
      await store.put(bytes)
      expect([...told.parts]).toEqual([
        ['1', 8 << 20],
        ['2', 8 << 20],
        ['3', 4 << 20],
      ])
      expect(told.completed.match(/tag-\d/g)).toEqual(['tag-1', 'tag-2', 'tag-3'])
      expect(asked.filter((one) => one.includes('partNumber'))).toHaveLength(4)
      expect(asked.some((one) => one.startsWith('DELETE'))).toBe(false)
    })

    test.each([
      ['a part that fails for good', 'PUT 3', () => new Response(null, { status: 503 }), 'UNREACHABLE'],
      [
        'an end that fails after its status',
        'POST uploadId',
        () => new Response('<Error><Code>InternalError</Code></Error>'),
        'IO',
      ],
    ])('is not acknowledged, and leaves no parts: %s', async (_, at, answer, code) => {
      const { store, asked } = await inParts((what) => (what === at ? answer() : undefined))
      await expect(store.put(bytes)).rejects.toMatchObject({ code: `HOMEOSTAT_STORAGE_${code}` })
      expect(asked.at(-1)).toMatch(/^DELETE .*uploadId=id%261$/)
    })

    test('may take longer than the time without any of it, and no longer than that', async () => {
      const pieces = (count: number, ms: number) => {
        let left = count
        return new Response(
          new ReadableStream<Uint8Array>({
            pull: async (controller) => {
              await new Promise((resolve) => setTimeout(resolve, ms))
              if (left-- > 0) controller.enqueue(new Uint8Array([1]))
              else controller.close()
            },
          }),
        )
      }
      // All of it arrives, and is not what its name says.
      const slow = await bucket(() => pieces(15, 100), { timeout: 1000, retries: 0 })
      await expect(slow.store.get(digest)).rejects.toMatchObject({ code: 'HOMEOSTAT_STORAGE_CORRUPT' })
      const stuck = await bucket(() => pieces(2, 60_000), { timeout: 200, retries: 0 })
      await expect(stuck.store.get(digest)).rejects.toMatchObject({ code: 'HOMEOSTAT_STORAGE_UNREACHABLE' })
    })
  })

  test('a request that may succeed is repeated, so often and no more', async () => {
    let left = 2
    const busy = (status: number): Response => new Response('<Error><Code>SlowDown</Code></Error>', { status })
    const patient = await bucket(() => (left-- > 0 ? busy(503) : new Response(new Uint8Array([1]))), { retries: 2 })
    await expect(patient.store.get(digest)).rejects.toMatchObject({ code: 'HOMEOSTAT_STORAGE_CORRUPT' })
    expect(patient.asked).toHaveLength(3)
    const never = await bucket(() => busy(500), { retries: 1 })
    await expect(never.store.put(new Uint8Array(1))).rejects.toMatchObject({ code: 'HOMEOSTAT_STORAGE_UNREACHABLE' })
    expect(never.asked).toHaveLength(2)
  })

  test.each([
    [507, '', 'FULL'],
    [403, 'QuotaExceeded', 'FULL'],
    [403, 'AccessDenied', 'CREDENTIALS'],
    [404, 'NoSuchBucket', 'MISSING'],
    [405, 'MethodNotAllowed', 'READ_ONLY'],
    [400, 'InvalidArgument', 'IO'],
  ])('status %i, %s', async (status, name, code) => {
    const { store } = await bucket(() => new Response(`<Error><Code>${name}</Code></Error>`, { status }))
    await expect(store.put(new Uint8Array(1))).rejects.toMatchObject({ code: `HOMEOSTAT_STORAGE_${code}` })
    if (status === 404) await expect(store.get(digest)).rejects.toMatchObject({ code: `HOMEOSTAT_STORAGE_${code}` })
  })
})
