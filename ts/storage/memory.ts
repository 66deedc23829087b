/** A store in the memory of this process: for tests, and where nothing has to outlive it. */
import type {
  AppendBatch,
  Backend,
  EntryQuery,
  EntryRow,
  HeadRow,
  ItemRow,
  ItemRowQuery,
  ItemTable,
  LogTable,
  Trimmed,
} from './backend.js'
import type { Storage } from './contract.js'
import { createStorage } from './storage.js'

/** What stores in memory hold; several can share it. */
export interface MemoryData {
  readonly logs: Map<string, { head: HeadRow; rows: EntryRow[] }>
  readonly items: Map<string, ItemRow>
}

export function memoryData(): MemoryData {
  return { logs: new Map(), items: new Map() }
}

/** A store in memory, empty or over what others hold. */
export function memoryStorage(data: MemoryData = memoryData()): Storage {
  return createStorage(memoryBackend(data))
}

export function memoryBackend(data: MemoryData = memoryData()): Backend {
  return {
    kind: 'memory',
    logs: new MemoryLogs(data),
    items: new MemoryItems(data),
    ping: async () => {},
    close: async () => {},
  }
}

class MemoryLogs implements LogTable {
  readonly #data: MemoryData

  constructor(data: MemoryData) {
    this.#data = data
  }

  async head(key: string): Promise<HeadRow | undefined> {
    return this.#data.logs.get(key)?.head
  }

  async claim(key: string, epoch: number | null, holder: string): Promise<boolean> {
    const log = this.#data.logs.get(key)
    if (epoch === null) {
      if (log !== undefined) return false
      const head = { key, epoch: 1, beat: 0, holder, first: 0, next: 0, bytes: 0, hash: null, event: null }
      this.#data.logs.set(key, { head, rows: [] })
      return true
    }
    if (log === undefined || log.head.epoch !== epoch) return false
    log.head = { ...log.head, epoch: epoch + 1, holder }
    return true
  }

  async beat(key: string, epoch: number): Promise<boolean> {
    const log = this.#data.logs.get(key)
    if (log === undefined || log.head.epoch !== epoch) return false
    log.head = { ...log.head, beat: log.head.beat + 1 }
    return true
  }

  async release(key: string, epoch: number): Promise<void> {
    const log = this.#data.logs.get(key)
    if (log?.head.epoch === epoch) log.head = { ...log.head, holder: null }
  }

  async append({ key, epoch, from, rows, bytes, hash, item }: AppendBatch): Promise<boolean> {
    const log = this.#data.logs.get(key)
    if (log === undefined || log.head.epoch !== epoch || log.head.next !== from) return false
    const { head } = log
    for (const row of rows) log.rows.push(row)
    const event = rows.at(-1)?.event ?? head.event
    log.head = { ...head, next: from + rows.length, bytes: head.bytes + bytes, hash, event, beat: head.beat + 1 }
    if (item !== undefined) put(this.#data, item, undefined)
    return true
  }

  async entries(key: string, query: EntryQuery): Promise<EntryRow[]> {
    const rows = this.#data.logs.get(key)?.rows ?? []
    const { events, limit, newestFirst } = query
    const [begin, end] = [indexOf(rows, query.from), indexOf(rows, query.before)]
    const wanted: EntryRow[] = []
    for (let i = 0; i < end - begin && wanted.length < limit; i++) {
      const row = rows[newestFirst ? end - 1 - i : begin + i] as EntryRow
      if (events?.includes(row.event) ?? true) wanted.push(row)
    }
    return wanted
  }

  async trim(key: string, before: number, most: number): Promise<Trimmed> {
    const log = this.#data.logs.get(key)
    if (log === undefined) return { entries: 0, bytes: 0, first: before }
    const first = Math.max(log.head.first, Math.min(before, log.head.first + most))
    const gone = log.rows.splice(0, indexOf(log.rows, first))
    const encoder = new TextEncoder()
    const bytes = gone.reduce((sum, { line }) => sum + encoder.encode(line).length + 1, 0)
    log.head = { ...log.head, first, bytes: log.head.bytes - bytes }
    return { entries: gone.length, bytes, first }
  }

  async remove(key: string): Promise<boolean> {
    return this.#data.logs.get(key)?.head.holder === null && this.#data.logs.delete(key)
  }

  async heads(prefix: string): Promise<HeadRow[]> {
    const heads = [...this.#data.logs.values()].map(({ head }) => head)
    return heads.filter(({ key }) => key.startsWith(prefix)).sort((a, b) => compare(a.key, b.key))
  }
}

class MemoryItems implements ItemTable {
  readonly #data: MemoryData

  constructor(data: MemoryData) {
    this.#data = data
  }

  async get(kind: string, scope: string, id: string): Promise<ItemRow | undefined> {
    return this.#data.items.get(itemKey(kind, scope, id))
  }

  async put(item: Omit<ItemRow, 'version'>, version: number | undefined): Promise<number | undefined> {
    return put(this.#data, item, version)
  }

  async remove(kind: string, scope: string, id: string, version: number | undefined): Promise<boolean> {
    const key = itemKey(kind, scope, id)
    const present = this.#data.items.get(key)
    if (present === undefined || (version !== undefined && present.version !== version)) return false
    return this.#data.items.delete(key)
  }

  async list({ kind, scope, prefix = '', after, limit }: ItemRowQuery): Promise<ItemRow[]> {
    return [...this.#data.items.values()]
      .filter((row) => row.kind === kind && (scope === undefined || row.scope === scope) && row.id.startsWith(prefix))
      .sort((a, b) => compare(a.scope, b.scope) || compare(a.id, b.id))
      .filter((row) => after === undefined || (compare(row.scope, after.scope) || compare(row.id, after.id)) > 0)
      .slice(0, limit)
  }
}

function put(data: MemoryData, item: Omit<ItemRow, 'version'>, version: number | undefined): number | undefined {
  const key = itemKey(item.kind, item.scope, item.id)
  const present = data.items.get(key)?.version ?? 0
  if (version !== undefined && version !== present) return undefined
  data.items.set(key, { ...item, version: present + 1 })
  return present + 1
}

/** Where a place is among rows, which follow one another: a page of a long log costs what the page holds. */
function indexOf(rows: readonly EntryRow[], position: number): number {
  return Math.max(0, Math.min(rows.length, position - (rows[0]?.position ?? 0)))
}

const itemKey = (...parts: string[]): string => JSON.stringify(parts)

/** By code points, as databases compare text byte by byte; JavaScript's own order is by UTF-16 units. */
function compare(a: string, b: string): number {
  const [left, right] = [[...a], [...b]]
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = (left[i]?.codePointAt(0) ?? 0) - (right[i]?.codePointAt(0) ?? 0)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}
