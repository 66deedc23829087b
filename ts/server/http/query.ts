/**
 * Parameters of the query, by their schemas. A list is separated by commas; what is not known or comes twice is refused.
 */
import { type Fault, faultsOf } from '../schema/check.js'
import type { Of, Schema } from '../schema/schema.js'
import { Problem } from './problem.js'

export type Parameters = Readonly<Record<string, Schema>>
export type Values<P extends Parameters> = { readonly [K in keyof P]?: Of<P[K]> | undefined }

/** Names under which tokens are often put into URLs, where logs keep them. */
const TOKEN_NAMES = new Set(['token', 'access_token', 'api_key', 'apikey', 'key', 'auth', 'authorization', 'bearer'])

export function queryOf<P extends Parameters>(given: URLSearchParams, parameters: P): Values<P> {
  const found: Record<string, unknown> = {}
  const errors: Fault[] = []
  for (const [name, text] of given) {
    if (TOKEN_NAMES.has(name.toLowerCase()))
      throw new Problem('token-in-url', 'send tokens as `authorization: Bearer <token>`; this one is in logs now')
    const schema = Object.hasOwn(parameters, name) ? (parameters[name] as Schema) : undefined
    const pointer = name.slice(0, 64)
    if (schema === undefined) errors.push({ pointer, detail: 'is not known here' })
    else if (Object.hasOwn(found, name)) errors.push({ pointer, detail: 'came twice' })
    else {
      const value = parse(schema, text)
      found[name] = value
      errors.push(...faultsOf(schema, value).map(({ detail }) => ({ pointer, detail })))
    }
  }
  if (errors.length > 0)
    throw new Problem('invalid-request', 'the query does not fit its schema', { errors: errors.slice(0, 20) })
  return found as Values<P>
}

function parse(schema: Schema, text: string): unknown {
  // Of an empty text the one item is empty: a list without items is a parameter that is not there.
  if (schema.type === 'array') return text.split(',').map((one) => parse(schema.items ?? {}, one))
  if (schema.type === 'integer' || schema.type === 'number') return /^-?\d/.test(text) ? Number(text) : text
  if (schema.type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text
  return text
}
