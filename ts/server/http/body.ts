/**
 * The body of a command: JSON, bounded in size and in time.
 */
import { faultsOf } from '../schema/check.js'
import type { Of, Schema } from '../schema/schema.js'
import { Problem } from './problem.js'

export interface BodyLimits {
  readonly bytesMax: number
  readonly timeoutMs: number
}

/** The body as its schema has it, and its text. Throws a problem for everything else. */
export async function jsonBody<S extends Schema>(
  request: Request,
  schema: S,
  limits: BodyLimits,
): Promise<{ value: Of<S>; text: string }> {
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/json *(?:; *charset *= *"?utf-8"? *)?$/i.test(type))
    throw new Problem('unsupported-media-type', 'send `content-type: application/json`', {
      headers: { 'accept-post': 'application/json' },
    })
  const encoding = request.headers.get('content-encoding')
  if (encoding !== null && encoding !== 'identity')
    throw new Problem('unsupported-media-type', 'send the body without a content encoding')
  const text = await boundedText(request, limits)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new Problem('malformed-request', 'the body is not JSON')
  }
  const errors = faultsOf(schema, value)
  if (errors.length > 0) throw new Problem('invalid-request', 'the body does not fit its schema', { errors })
  return { value: value as Of<S>, text }
}

async function boundedText(request: Request, { bytesMax, timeoutMs }: BodyLimits): Promise<string> {
  const tooLarge = () => new Problem('body-too-large', `a body may have ${bytesMax} bytes`)
  if (Number(request.headers.get('content-length') ?? 0) > bytesMax) throw tooLarge()
  if (request.body === null) return ''
  const reader = request.body.getReader()
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Problem('body-too-slow', `a body must be here within ${timeoutMs} ms`)),
      timeoutMs,
    )
  })
  const parts: Uint8Array[] = []
  let size = 0
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), late])
      if (done) break
      size += value.byteLength
      if (size > bytesMax) throw tooLarge()
      parts.push(value)
    }
  } catch (error) {
    // Not waited for: a sender that stalls may never let go.
    reader.cancel().catch(() => {})
    if (error instanceof Problem) throw error
    throw new Problem('malformed-request', 'the body ended early')
  } finally {
    clearTimeout(timer)
  }
  return decode(parts, size)
}

function decode(parts: readonly Uint8Array[], size: number): string {
  const all = new Uint8Array(size)
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.byteLength
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(all)
  } catch {
    throw new Problem('malformed-request', 'the body is not UTF-8')
  }
}
