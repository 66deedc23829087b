/** A store in PostgreSQL (15 or newer), by the package `pg`, for any number of processes and machines. */
import * as check from '../../schema/checks.js'
import type { DurationInput } from '../../units.js'
import type { Storage } from '../contract.js'
import { createStorage } from '../storage.js'
import { thisProcess } from './holder.js'
import { openPostgresBackend } from './postgres-backend.js'

export interface PostgresOptions {
  /** Connections at most. 1 to 100; default 4. */
  connections?: number
  /** Longest time until a connection stands. 100 ms to 60 s; default 5 s. */
  connect?: DurationInput
  /** Longest time of one query. 100 ms to 10 min; default 10 s. */
  query?: DurationInput
  /** How long a writer on another machine may give no sign before it counts as gone. 1 s to 10 min; default 10 s. */
  lease?: DurationInput
}

/** Opens a database by its URL. Throws `HOMEOSTAT_STORAGE_*`. */
export async function openPostgres(url: string, options: PostgresOptions = {}): Promise<Storage> {
  check.object('options', options)
  const leaseMs = check.duration('options.lease', options.lease, { min: 1000, max: 600_000, fallback: 10_000 })
  return createStorage(await openPostgresBackend(url, options), { self: thisProcess(), leaseMs })
}
