/** Tables of a store in a database, as the newest migration leaves them. Times in milliseconds of wall time, for display. */

export interface Tables {
  homeostat_schema: SchemaTable
  homeostat_logs: LogsTable
  homeostat_entries: EntriesTable
  homeostat_items: ItemsTable
}

interface SchemaTable {
  version: number
  name: string
  applied_ms: number
}

interface LogsTable {
  log: string
  /** Counts up with each writer: an append under an older one is refused. */
  epoch: number
  /** Counts up while the writer lives. */
  beat: number
  holder: string | null
  first_entry: number
  next_entry: number
  bytes: number
  hash: string | null
  event: string | null
}

interface EntriesTable {
  log: string
  position: number
  event: string
  line: string
}

interface ItemsTable {
  kind: string
  scope: string
  id: string
  version: number
  updated_ms: number
  body: string
}
