/**
 * The embedded store: an SQLite file, by the package `libsql`, and artifacts in a folder beside it if asked for. Several processes of
 * one machine may use a file at once; it has to be on a local disk.
 *
 * A commit survives the end of the process at once, and with `sync: 'full'` (default `'normal'`) a power failure too: without it the
 * last moments before a power failure may be missing, and nothing is damaged.
 */
import * as check from '../../schema/checks.js'
import type { DurationInput } from '../../units.js'
import type { Storage } from '../contract.js'
import { createStorage } from '../storage.js'
import { thisProcess } from './holder.js'
import { openSqliteBackend } from './sqlite-backend.js'

export interface SqliteOptions {
  /** `full` forces each commit to the disk. Default `normal`. */
  sync?: 'normal' | 'full'
  /** Longest wait for another process that writes. 0 to 60 s; default 10 s. */
  busy?: DurationInput
  /** How long a writer on another machine may give no sign before it counts as gone. 1 s to 10 min; default 10 s. */
  lease?: DurationInput
}

/** Opens an SQLite file, or makes it. Throws `HOMEOSTAT_STORAGE_*`. */
export async function openSqlite(path: string, options: SqliteOptions = {}): Promise<Storage> {
  check.object('options', options)
  const leaseMs = check.duration('options.lease', options.lease, { min: 1000, max: 600_000, fallback: 10_000 })
  return createStorage(await openSqliteBackend(path, options), { self: thisProcess(), leaseMs })
}
