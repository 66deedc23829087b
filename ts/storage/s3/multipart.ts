/**
 * Large objects go up in parts, so that each has its own time and only a part that failed is sent again. The object is there when all of it
 * is, and not before; parts of an upload that ended otherwise are taken away.
 */
import { storageError } from '../errors.js'
import type { Bucket } from './bucket.js'

/** Larger than the least that S3 takes, and half a minute of 2 Mbit/s. */
export const PART_BYTES = 8 << 20

export async function putInParts(bucket: Bucket, object: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const begun = await bucket.request('POST', object, { query: { uploads: '' } })
  const id = unescapeXml(/<UploadId>([^<]+)<\/UploadId>/.exec(textOf(begun?.body))?.[1] ?? '')
  if (id === '') throw storageError('IO', bucket.name, new Error('an upload in parts was begun without an id'))
  try {
    const parts: string[] = []
    for (let at = 0; at < bytes.length; at += PART_BYTES) {
      const query = { partNumber: `${parts.length + 1}`, uploadId: id }
      const sent = await bucket.request('PUT', object, { body: bytes.subarray(at, at + PART_BYTES), query })
      const tag = escapeXml(sent?.headers.get('etag') ?? '')
      parts.push(`<Part><PartNumber>${query.partNumber}</PartNumber><ETag>${tag}</ETag></Part>`)
    }
    const whole = `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`
    const body = new TextEncoder().encode(whole)
    const ended = textOf((await bucket.request('POST', object, { body, query: { uploadId: id } }))?.body)
    // It answers 200 before it is done, and may fail after that.
    const code = /<Error>[\s\S]*?<Code>([^<]*)<\/Code>/.exec(ended)?.[1]
    if (code !== undefined) throw storageError('IO', bucket.name, new Error(code))
  } catch (error) {
    await bucket.request('DELETE', object, { query: { uploadId: id }, missing: true }).catch(() => {})
    throw error
  }
}

const textOf = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes)

const escapeXml = (text: string): string => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`)

const NAMED: Readonly<Record<string, string>> = { quot: '"', apos: "'", lt: '<', gt: '>', amp: '&' }

export function unescapeXml(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(quot|apos|lt|gt|amp));/gi, (as, hex, decimal, name) => {
    if (name !== undefined) return NAMED[name.toLowerCase()] ?? as
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
    return code <= 0x10ffff ? String.fromCodePoint(code) : as
  })
}
