/**
 * A library in a file. Lines are appended, each batch in one write to a file opened for appending, so that two processes can share it;
 * a line that two of them tore, or that a power failure cut, is passed over by its checksum.
 */
import { appendFile, mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { HomeostatError } from '../../errors.js'
import type { LibraryStore } from '../library.js'

export class FileLibrary implements LibraryStore {
  readonly path: string

  constructor(path: string) {
    this.path = path
  }

  async load(): Promise<Uint8Array | undefined> {
    try {
      return await readFile(this.path)
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw this.#failed('read', cause)
    }
  }

  async append(lines: string): Promise<void> {
    try {
      await mkdir(dirname(this.path), { recursive: true })
      await appendFile(this.path, lines)
    } catch (cause) {
      throw this.#failed('written', cause)
    }
  }

  #failed(what: string, cause: unknown): HomeostatError {
    const reason = cause instanceof Error ? cause.message : String(cause)
    return new HomeostatError('HOMEOSTAT_FILE', `library: ${this.path} cannot be ${what}: ${reason}`, {
      option: 'library',
      cause,
    })
  }
}
