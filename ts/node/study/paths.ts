/** File names and folders of studies. */
import { closeSync, fsyncSync, openSync, realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { HomeostatError } from '../../errors.js'

/** One file has one lock, whatever links lead to it. A file that does not exist yet is named in its real folder. */
export function realPath(path: string): string {
  const full = resolve(path)
  try {
    return realpathSync(full)
  } catch {}
  try {
    return join(realpathSync(dirname(full)), basename(full))
  } catch {
    return full
  }
}

/** Makes a new name in a folder durable, where the system can. */
export function syncFolder(path: string): void {
  try {
    const folder = openSync(dirname(path), 'r')
    try {
      fsyncSync(folder)
    } finally {
      closeSync(folder)
    }
  } catch {}
}

export function ioError(path: string, what: string, cause: unknown): HomeostatError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new HomeostatError('HOMEOSTAT_STUDY_IO', `the study ${path} ${what}: ${reason}`, { cause })
}
