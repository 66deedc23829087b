/**
 * What a new kind of store has to implement: two tables and their few operations. Who may write a log, the check of the chain,
 * batching and limits are the same for all of them and live above this (`log/`, `items.ts`).
 *
 * Every operation is atomic and durable against the end of this process when it resolves, and throws `HOMEOSTAT_STORAGE_*`.
 */
export interface Backend {
  readonly kind: string
  readonly logs: LogTable
  readonly items: ItemTable
  ping(): Promise<void>
  close(): Promise<void>
}

/** Logs by key, each a head and its entries. */
export interface LogTable {
  head(key: string): Promise<HeadRow | undefined>
  /**
   * Sets the holder and counts `epoch` up, if that is still `epoch` (null: makes the log, if there is none). False where somebody
   * else was first.
   */
  claim(key: string, epoch: number | null, holder: string): Promise<boolean>
  /** Counts `beat` up. False where `epoch` is another one by now. */
  beat(key: string, epoch: number): Promise<boolean>
  /** Takes the holder out, if `epoch` is still that. */
  release(key: string, epoch: number): Promise<void>
  /**
   * In one step: if the epoch and the next place are still these, adds the rows, moves the head on, counts `beat` up, and keeps the
   * item. False, and nothing done, where they are not.
   */
  append(batch: AppendBatch): Promise<boolean>
  /** By position, ascending unless `newestFirst`. */
  entries(key: string, query: EntryQuery): Promise<EntryRow[]>
  /**
   * Removes entries before a place, the oldest first and at most `most`, and moves `first` on, never back. What went, and where `first`
   * is now; where there is no such log, at `before`.
   */
  trim(key: string, before: number, most: number): Promise<Trimmed>
  /** Removes a log that has no holder. */
  remove(key: string): Promise<boolean>
  /** Heads whose key starts with `prefix`, by key. */
  heads(prefix: string): Promise<HeadRow[]>
}

export interface Trimmed {
  readonly entries: number
  readonly bytes: number
  readonly first: number
}

export interface HeadRow {
  readonly key: string
  readonly epoch: number
  readonly beat: number
  /** JSON of who writes; null for nobody. */
  readonly holder: string | null
  readonly first: number
  readonly next: number
  readonly bytes: number
  readonly hash: string | null
  readonly event: string | null
}

export interface EntryRow {
  readonly position: number
  readonly event: string
  /** Without its line end. */
  readonly line: string
}

export interface AppendBatch {
  readonly key: string
  readonly epoch: number
  /** Place of the first row. */
  readonly from: number
  readonly rows: readonly EntryRow[]
  readonly bytes: number
  readonly hash: string
  readonly item?: Omit<ItemRow, 'version'>
}

export interface EntryQuery {
  readonly from: number
  readonly before: number
  readonly events?: readonly string[]
  readonly limit: number
  readonly newestFirst: boolean
}

/** Items by kind, scope and id. */
export interface ItemTable {
  get(kind: string, scope: string, id: string): Promise<ItemRow | undefined>
  /** As `ItemRepository.put`; undefined where the version was another one. */
  put(item: Omit<ItemRow, 'version'>, version: number | undefined): Promise<number | undefined>
  remove(kind: string, scope: string, id: string, version: number | undefined): Promise<boolean>
  /** By scope and id, compared by code points. */
  list(query: ItemRowQuery): Promise<ItemRow[]>
}

export interface ItemRow {
  readonly kind: string
  readonly scope: string
  readonly id: string
  readonly version: number
  readonly updatedMs: number
  /** JSON. */
  readonly body: string
}

export interface ItemRowQuery {
  readonly kind: string
  readonly scope?: string
  readonly prefix?: string
  readonly after?: { readonly scope: string; readonly id: string }
  readonly limit: number
}
