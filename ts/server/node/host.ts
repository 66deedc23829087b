/**
 * The server's host for runtimes with Node's modules: Node, Bun and Deno.
 */
import { randomUUID } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import process from 'node:process'
import { HomeostatError } from '../../errors.js'
import { openJournalFolder } from '../../node/journal-folder.js'
import { folderJournal } from '../../schema/validate.js'
import { VERSION } from '../../version.js'
import type { ServerHost } from '../facade.js'
import { listen } from './listen.js'
import { readPage } from './page.js'

export function serverNodeHost(target: 'node' | 'deno' | 'bun'): ServerHost {
  const warn = (line: string): void => {
    process.stderr.write(`${line}\n`)
  }
  return {
    target,
    version: VERSION,
    env: (name) => process.env[name],
    warn,
    randomId: () => randomUUID(),
    readTokenFile: (path) => readTokenFile(path, warn),
    openJournal: (name, folder) => openJournalFolder(name, folderJournal(folder) as never),
    listen,
    readPage,
  }
}

/** Tokens from a file; one that others may read is said so. */
export function readTokenFile(path: string, warn: (line: string) => void): string {
  try {
    const { mode } = statSync(path)
    if (process.platform !== 'win32' && (mode & 0o077) !== 0)
      warn(`homeostat server: ${path} holds tokens and others than its owner may read it: chmod 600`)
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new HomeostatError('HOMEOSTAT_FILE', `the tokens in ${path} cannot be read: ${(error as Error).message}`, {
      cause: error,
    })
  }
}
