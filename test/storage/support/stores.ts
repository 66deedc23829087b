/** The stores that the suite runs on, each opened over the same data as often as a test likes. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject } from 'vitest'
import { memoryData } from '../../../ts/storage/memory.js'
import { createStorage, memoryBackend, openPostgres, openSqlite, type Storage } from '../../../ts/storage/node/index.js'
import { emptyDatabase } from './postgres.js'

export interface Subject {
  open(): Promise<Storage>
  /** How another process names it, for those that persist. */
  readonly url?: string
  remove(): void
}

const postgres = inject('postgres')

/** Why PostgreSQL is not tested; undefined where it is. */
export const noPostgres = 'missing' in postgres ? postgres.missing : undefined

export function temporary(): string {
  return mkdtempSync(join(tmpdir(), 'homeostat-storage-'))
}

export const SUBJECTS: Record<'memory' | 'sqlite' | 'postgres', () => Promise<Subject>> = {
  memory: async () => {
    const data = memoryData()
    return { open: async () => createStorage(memoryBackend(data), { leaseMs: 400 }), remove: () => {} }
  },
  sqlite: async () => {
    const folder = temporary()
    const file = join(folder, 'store.db')
    return {
      open: () => openSqlite(file, { busy: '60s' }),
      url: `sqlite:${file}`,
      remove: () => rmSync(folder, { recursive: true, force: true }),
    }
  },
  postgres: async () => {
    const url = await emptyDatabase((postgres as { url: string }).url)
    return { open: () => openPostgres(url, { connect: '60s', query: '120s' }), url, remove: () => {} }
  },
}

/** The persistent ones, with why one of them is left out. */
export const PERSISTENT = [
  ['sqlite', undefined],
  ['postgres', noPostgres],
] as const
