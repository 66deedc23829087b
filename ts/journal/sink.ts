/**
 * Where journal bytes go. A sink never blocks: it says how much it can take, takes it, and writes in its own time. What it
 * cannot take stays in the core's bounded queue; when that is full, the core holds the knobs in SafeMode.
 */
import type { Storage } from '../storage/contract.js'

export interface JournalSink {
  /** The file that is being written, where there is one. */
  readonly path: string | undefined
  /** Bytes that may be written now; 0 while the sink is full or its medium fails. */
  room(): number
  /** Takes whole JSON Lines. May exceed `room()` by one entry. Does not throw. */
  write(bytes: Uint8Array): void
  /** Why nothing is taken at present, where the medium fails. */
  readonly failure: Error | undefined
  /** What went wrong, or is well again, beside writing: another object each time. A tuner says it as its `trouble`. */
  readonly notice?: { readonly code: string; readonly message: string } | undefined
  readonly stats: JournalSinkStats
  /** Ends when everything taken is durable, or after `timeoutMs`; what was not written by then is counted in the stats. */
  close(timeoutMs: number): Promise<void>
  /** Hash of the last entry on the medium before this run, 64 hex digits, for sinks that go on from an earlier run. */
  readonly previous?: string | undefined
  /** What the sink still holds, for sinks that can be read. */
  read?(): Uint8Array
  /** The store that has it and its log there, for sinks that go into one. */
  readonly kept?: { readonly store: Pick<Storage, 'journals' | 'runs' | 'tuners'>; readonly log: string }
}

export interface JournalSinkStats {
  /** Bytes taken from the core. */
  readonly taken: number
  /** Bytes that reached the medium. */
  readonly written: number
  /** Bytes that are lost: given up at close, or since another process took over. */
  readonly dropped: number
  /** Bytes that were kept and went in time: aged out of memory, or older than what is to be kept. */
  readonly pruned?: number
  /** Failed writes, each retried. */
  readonly failures: number
  /** Bytes of a torn last line that an earlier crash left and that were set aside. */
  readonly torn: number
  /** 1 when the run before this one did not end with its `stop` entry: a crash, a kill, or lines that were cut off. */
  readonly unclean?: number
}

/** Keeps the newest entries in memory. */
export class MemorySink implements JournalSink {
  readonly path = undefined
  readonly failure = undefined
  readonly stats = { taken: 0, written: 0, dropped: 0, pruned: 0, failures: 0, torn: 0 }
  readonly #capacity: number
  readonly #chunks: Uint8Array[] = []
  #held = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  room(): number {
    return this.#capacity
  }

  write(bytes: Uint8Array): void {
    this.#chunks.push(bytes)
    this.#held += bytes.length
    this.stats.taken += bytes.length
    this.stats.written += bytes.length
    while (this.#held > this.#capacity && this.#chunks.length > 1) {
      const oldest = this.#chunks.shift() as Uint8Array
      this.#held -= oldest.length
      this.stats.pruned += oldest.length
    }
  }

  read(): Uint8Array {
    const all = new Uint8Array(this.#held)
    let at = 0
    for (const chunk of this.#chunks) {
      all.set(chunk, at)
      at += chunk.length
    }
    return all
  }

  async close(): Promise<void> {}
}
