/**
 * The file operations that the journal needs, so that tests can put a full or failing disk in their place.
 */
import { promises } from 'node:fs'

export interface JournalFile {
  write(bytes: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesWritten: number }>
  read(bytes: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesRead: number }>
  truncate(length: number): Promise<void>
  datasync(): Promise<void>
  stat(): Promise<{ size: number }>
  close(): Promise<void>
}

export interface JournalFs {
  mkdir(path: string): Promise<void>
  list(path: string): Promise<string[]>
  /** `r+` for existing files, `wx+` for new ones, `a` to append. */
  open(path: string, flags: 'r+' | 'wx+' | 'a'): Promise<JournalFile>
  readText(path: string): Promise<string>
  /** Creates the file with its content, or fails with EEXIST. */
  create(path: string, text: string): Promise<void>
  rename(from: string, to: string): Promise<void>
  remove(path: string): Promise<void>
}

export const nodeFs: JournalFs = {
  mkdir: async (path) => {
    await promises.mkdir(path, { recursive: true })
  },
  list: (path) => promises.readdir(path),
  open: (path, flags) => promises.open(path, flags, 0o640),
  readText: (path) => promises.readFile(path, 'utf8'),
  create: async (path, text) => {
    const file = await promises.open(path, 'wx', 0o640)
    try {
      await file.writeFile(text)
    } finally {
      await file.close()
    }
  },
  rename: (from, to) => promises.rename(from, to),
  remove: (path) => promises.rm(path, { force: true }),
}
