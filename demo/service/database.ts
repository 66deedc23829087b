import { Worker } from 'node:worker_threads'
import { monotonicMs } from '../clock.js'
import type { Database } from './batches.js'
import type { DatabaseWorkerData, FromDatabase, ToDatabase } from './database-worker.js'
import type { Row } from './rows.js'

interface Read {
  readonly rows: readonly Row[]
  readonly readAtMs: number
}

/** A client of the database worker: one message per query, answers in any order. */
export class DatabaseClient implements Database {
  readonly #pending = new Map<number, { resolve: (read: Read) => void; reject: (error: Error) => void }>()
  #query = 0

  readonly #worker: Worker
  private constructor(worker: Worker) {
    this.#worker = worker
    worker.on('message', (message: FromDatabase) => this.#receive(message))
    worker.on('error', (error) => this.#fail(error))
    worker.on('exit', () => this.#fail(new Error('the database worker has ended')))
  }

  /** @param entry the program's entry file, which runs the database when it finds itself in a worker. */
  static open(entry: URL, template: string): Promise<DatabaseClient> {
    const workerData: DatabaseWorkerData = { role: 'database', template }
    const worker = new Worker(entry, { workerData })
    return new Promise((resolve, reject) => {
      worker.once('error', reject)
      worker.once('message', () => {
        worker.off('error', reject)
        resolve(new DatabaseClient(worker))
      })
    })
  }

  read(ids: readonly number[]): Promise<Read> {
    const query = this.#query++
    return new Promise((resolve, reject) => {
      this.#pending.set(query, { resolve, reject })
      this.#worker.postMessage({ type: 'read', query, ids } satisfies ToDatabase)
    })
  }

  begin(startMs: number, seconds: number, seed: number): void {
    this.#worker.postMessage({ type: 'begin', startMs, seconds, seed } satisfies ToDatabase)
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
  }

  #receive(message: FromDatabase): void {
    if (message.type === 'open') return
    const pending = this.#pending.get(message.query)
    this.#pending.delete(message.query)
    if (message.type === 'failed') pending?.reject(new Error(message.message))
    else pending?.resolve({ rows: message.rows, readAtMs: Math.min(message.readAtMs, monotonicMs()) })
  }

  #fail(error: Error): void {
    for (const { reject } of this.#pending.values()) reject(error)
    this.#pending.clear()
  }
}
