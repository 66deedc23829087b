/**
 * What an entry injects: everything of the forge that differs between runtimes.
 */
import type { ForgeBinding } from '../forge-binding.js'
import type { Source } from '../ready.js'
import type { LibraryStore } from './library.js'

export interface ForgeHost extends Source<ForgeBinding> {
  readonly target: 'node' | 'deno' | 'bun' | 'browser' | 'workerd' | 'edge-light'
  /** One line for the operator. */
  warn(line: string): void
  /** A library by its name: a file's path where there are files, a database's name in a browser. */
  openLibrary?(name: string): LibraryStore
  /** The library of who names none; nothing where the runtime has no place of its own for one. */
  defaultLibrary?(): LibraryStore | undefined
}
