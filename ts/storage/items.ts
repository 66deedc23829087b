/** Items over a table: limits, JSON, versions. */

import { wallTimeMs } from '../clock.js'
import { HomeostatError, invalid } from '../errors.js'
import * as check from '../schema/checks.js'
import type { ItemRow, ItemTable } from './backend.js'
import type { Item, ItemQuery, ItemRepository, StateOf } from './contract.js'
import { closed } from './log/logs.js'

/** Largest value, in characters of JSON. */
const BODY_MAX = 1 << 20
const KEY_MAX = 256

export class Items<T> implements ItemRepository<T> {
  readonly #kind: string
  readonly #table: ItemTable
  readonly #isClosed: () => boolean

  constructor(kind: string, table: ItemTable, isClosed: () => boolean) {
    this.#kind = kind
    this.#table = table
    this.#isClosed = isClosed
  }

  async get(scope: string, id: string): Promise<Item<T> | undefined> {
    const row = await this.#table.get(this.#kind, this.#key('scope', scope), key('id', id))
    return row === undefined ? undefined : this.#item(row)
  }

  async put(scope: string, id: string, value: T, version?: number): Promise<number> {
    const wanted = version === undefined ? undefined : check.number('version', version, VERSIONS)
    const item = { kind: this.#kind, scope: this.#key('scope', scope), id: key('id', id) }
    const put = await this.#table.put({ ...item, updatedMs: wallTimeMs(), body: bodyOf(value) }, wanted)
    if (put !== undefined) return put
    throw new HomeostatError(
      'HOMEOSTAT_STORAGE_CONFLICT',
      `${this.#kind} ${scope}/${id} is not at version ${wanted} any more: read it again`,
      { option: 'version', received: version },
    )
  }

  async remove(scope: string, id: string, version?: number): Promise<boolean> {
    const wanted = version === undefined ? undefined : check.number('version', version, VERSIONS)
    return this.#table.remove(this.#kind, this.#key('scope', scope), key('id', id), wanted)
  }

  async list(query: ItemQuery = {}): Promise<Item<T>[]> {
    const o = check.object('query', query) as ItemQuery
    check.onlyKeys('query', o, ['scope', 'prefix', 'after', 'limit'])
    if (this.#isClosed()) throw closed()
    const rows = await this.#table.list({
      kind: this.#kind,
      limit: check.number('query.limit', o.limit, { min: 1, max: 10_000, whole: true, fallback: 1000 }),
      ...(o.scope === undefined ? {} : { scope: key('query.scope', o.scope) }),
      ...(o.prefix === undefined || o.prefix === '' ? {} : { prefix: key('query.prefix', o.prefix) }),
      ...(o.after === undefined
        ? {}
        : { after: { scope: key('query.after.scope', o.after.scope), id: key('query.after.id', o.after.id) } }),
    })
    return rows.map((row) => this.#item(row))
  }

  #item({ kind, scope, id, version, updatedMs, body }: ItemRow): Item<T> {
    try {
      return { scope, id, version, updatedMs, value: JSON.parse(body) as T }
    } catch (cause) {
      throw new HomeostatError('HOMEOSTAT_STORAGE_CORRUPT', `${kind} ${scope}/${id} is not JSON`, { cause })
    }
  }

  #key(option: string, value: unknown): string {
    if (this.#isClosed()) throw closed()
    return key(option, value)
  }
}

const VERSIONS = { min: 0, max: Number.MAX_SAFE_INTEGER, whole: true }

/** A state as the item that is kept along with an append. */
export function stateItem({ scope, id, value }: StateOf): Omit<ItemRow, 'version'> {
  return {
    kind: 'tuner',
    scope: key('state.scope', scope),
    id: key('state.id', id),
    updatedMs: wallTimeMs(),
    body: bodyOf(value),
  }
}

function key(option: string, value: unknown): string {
  // PostgreSQL keeps no NUL, and a lone surrogate is no text.
  if (typeof value !== 'string' || value === '' || value.length > KEY_MAX || /\0|\p{Cs}/u.test(value)) {
    throw invalid(option, `1 to ${KEY_MAX} characters of text`, value)
  }
  return value
}

function bodyOf(value: unknown): string {
  const body = JSON.stringify(value)
  if (body === undefined) throw invalid('value', 'what JSON can hold', value)
  if (body.length > BODY_MAX)
    throw invalid('value', `at most ${BODY_MAX} characters of JSON`, `${body.length} characters`)
  return body
}
