/**
 * Where what was learned is kept. A store only keeps lines: the core reads them, and proves each kernel anew before it answers.
 */

import { HomeostatError } from '../errors.js'

/** Of the facts that this version reads and writes; the core's `SCHEMA`. */
export const SCHEMA = 1

/** A library that another version of the package wrote alone: it is neither read nor written to. @param where a file's path, a database's name */
export function anotherVersion(where: string | undefined, found: readonly unknown[]): HomeostatError {
  const versions = `version${found.length === 1 ? '' : 's'} ${found.join(', ')}`
  const text = `library: ${where === undefined ? 'what the store has' : where} is of ${versions}: expected version ${SCHEMA}`
  const details = { option: 'library', range: `version ${SCHEMA}`, received: found.length === 1 ? found[0] : found }
  return new HomeostatError('HOMEOSTAT_LIBRARY_VERSION', `${text}; nothing was read or written`, details)
}

/** Versions that lines say they are of, each once. */
export function versionsIn(text: string): readonly string[] {
  const said = text.matchAll(/^[0-9a-f]{8} \{"v":([^,}]+)/gm)
  return [...new Set(Array.from(said, ([, version]) => version as string))]
}

/** Takes whole lines, in their order. */
export interface LineSink {
  append(lines: string): Promise<void>
}

/** A journal, which a run goes on with behind what is there. */
export interface JournalLines extends LineSink {
  /** Hash of the last entry that is there, 64 hex digits; nothing where it is new. */
  readonly previous?: string | undefined
  /** The same, as a store's writer has it. */
  readonly head?: { readonly hash: string | undefined }
}

export interface LibraryStore extends LineSink {
  /** Everything that was appended, by this process and by others; nothing where it is new. */
  load(): Promise<Uint8Array | undefined>
  /**
   * What others appended since it was last read; asked before each kernel, and each second while runs come in. Without it that is known at
   * the next start.
   */
  grown?(): Promise<Uint8Array | undefined>
}

/** Keeps lines in memory, for tests and to carry them elsewhere. */
export class MemoryLibrary implements LibraryStore {
  text: string

  constructor(text = '') {
    this.text = text
  }

  async load(): Promise<Uint8Array> {
    return new TextEncoder().encode(this.text)
  }

  async append(lines: string): Promise<void> {
    this.text += lines
  }
}
