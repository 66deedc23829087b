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
  /** A library in a file, where there are files. */
  openLibrary?(path: string): LibraryStore
}
