/** A store over a backend: repositories, journals for tuners, checkpoints for the solver. */

import { systemClock } from '../clock.js'
import { invalid } from '../errors.js'
import type { JournalSink } from '../journal/sink.js'
import * as check from '../schema/checks.js'
import type { ArtifactStore } from './artifacts.js'
import type { Backend } from './backend.js'
import type {
  ArchivedPiece,
  Regime,
  RunStart,
  Storage,
  StoredAnswer,
  StoredJournalOptions,
  TunerState,
} from './contract.js'
import { Items } from './items.js'
import { Kernels } from './kernels.js'
import { Archive, forgetPieces, readWhole } from './log/archive.js'
import { Checkpoints } from './log/checkpoint.js'
import { anonymous, type Self } from './log/holder.js'
import { closed, Logs } from './log/logs.js'
import { LogSink } from './log/sink.js'
import type { Writer } from './log/writer.js'

export interface StorageParts {
  /** Who writes, and how others are seen. Default: a random id, whose end nobody can see. */
  readonly self?: Self
  /** How long a writer elsewhere may give no sign before it counts as gone. Default 10 s. */
  readonly leaseMs?: number
}

/** Makes a store of what a backend keeps. */
export function createStorage(backend: Backend, parts: StorageParts = {}): Storage {
  return new BackedStorage(backend, parts.self ?? anonymous(), parts.leaseMs ?? 10_000)
}

class BackedStorage implements Storage {
  readonly kind: string
  readonly journals: Logs
  readonly studies: Checkpoints
  readonly tuners: Items<TunerState>
  readonly runs: Items<RunStart>
  readonly answers: Items<StoredAnswer>
  readonly archives: Items<ArchivedPiece>
  readonly regimes: Items<Regime>
  readonly kernels: Kernels
  readonly #backend: Backend
  readonly #writers = new Map<string, Writer>()
  #closing: Promise<void> | undefined

  constructor(backend: Backend, self: Self, leaseMs: number) {
    this.#backend = backend
    this.kind = backend.kind
    const isClosed = (): boolean => this.#closing !== undefined
    const logs = { table: backend.logs, self, leaseMs, writers: this.#writers, isClosed }
    this.journals = new Logs({ ...logs, prefix: 'journal', forget: (log) => forgetPieces(this.archives, log) })
    this.studies = new Checkpoints({ ...logs, prefix: 'study' })
    this.tuners = new Items('tuner', backend.items, isClosed)
    this.runs = new Items('run', backend.items, isClosed)
    this.answers = new Items('answer', backend.items, isClosed)
    this.archives = new Items('archive', backend.items, isClosed)
    this.regimes = new Items('regime', backend.items, isClosed)
    this.kernels = new Kernels('kernel', backend.items, isClosed)
  }

  readArchived(log: string, artifacts: ArtifactStore): AsyncGenerator<Uint8Array> {
    return readWhole(this.journals, new Archive(this.archives, artifacts, log), log)
  }

  async openJournal(name: string, options: StoredJournalOptions = {}): Promise<JournalSink> {
    const o = check.object('storage', options) as StoredJournalOptions
    check.onlyKeys('storage', o, ['log', 'batch', 'maxPending', 'keep', 'archive'])
    const scope = check.name('name', name)
    const batchMs = check.duration('storage.batch', o.batch, { min: 0, max: 10_000, fallback: 100 })
    const maxPending = check.bytes('storage.maxPending', o.maxPending, { min: 65_536, max: 2 ** 28, fallback: 2 ** 22 })
    const keep = check.number('storage.keep', o.keep, { min: 1000, max: 1e9, whole: true, fallback: 1e6 })
    if (o.archive !== undefined && typeof o.archive?.put !== 'function')
      throw invalid('storage.archive', 'a store of artifacts, as openArtifacts() gives it', o.archive)
    const writer = await this.journals.open(o.log ?? scope)
    const id = writer.name
    const archive = o.archive && new Archive(this.archives, o.archive, id)
    const keepStart = (start: RunStart): Promise<unknown> => this.runs.put(scope, id, start)
    return new LogSink(writer, {
      batchMs,
      maxPending,
      keep,
      scope,
      id,
      keepStart,
      archive,
      clock: systemClock,
      kept: { store: this, log: id },
    })
  }

  async ping(): Promise<void> {
    if (this.#closing !== undefined) throw closed()
    await this.#backend.ping()
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#writers.values()].map((writer) => writer.close()))
    await this.#backend.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
