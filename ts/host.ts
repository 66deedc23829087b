/**
 * What an entry injects: everything that differs between runtimes. Nothing else of the façade knows where it runs.
 */
import type { Binding } from './binding.js'
import type { JournalSink } from './journal/sink.js'
import type { Memory } from './memory/layout.js'
import type { ResolvedJournal } from './schema/validate.js'

export interface ControlWatcher {
  /** Stops the watching thread; ends within `timeoutMs`. */
  close(timeoutMs: number): Promise<void>
}

export interface Host {
  readonly target: 'node' | 'deno' | 'bun' | 'browser' | 'workerd' | 'edge-light'
  /** Loads the core. `source`: a compiled module, bytes or a URL, for targets that cannot find it themselves. */
  loadBinding(source?: unknown): Promise<Binding>
  /** How the core is made ready here, for the message of `HOMEOSTAT_NOT_READY`. */
  readonly remedy: string
  env(name: string): string | undefined
  /** One line for the operator. */
  warn(line: string): void
  randomId(): string
  openJournal?(name: string, journal: ResolvedJournal & { kind: 'folder' }): Promise<JournalSink>
  /** Reads the control file's word now; undefined when it cannot be read. */
  readControlFile?(path: string): number | undefined
  /** Obeys the control file from another thread, see `node/control-watcher.ts`. */
  watchControlFile?(path: string, memory: Memory): ControlWatcher
  /** Calls back on SIGUSR2; returns how to stop. */
  onOffSignal?(callback: () => void): () => void
  /** Calls back when this thread ends; returns how to stop. */
  onThreadExit?(callback: () => void): () => void
}
