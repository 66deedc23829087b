/**
 * The server's host for runtimes with Node's modules: Node, Bun and Deno.
 */
import { randomUUID } from 'node:crypto'
import process from 'node:process'
import { openJournalFolder } from '../../node/journal-folder.js'
import { folderJournal } from '../../schema/validate.js'
import { VERSION } from '../../version.js'
import type { ServerHost } from '../facade.js'
import { feedOfFile } from './file-feed.js'
import { listen } from './listen.js'
import { readPage } from './page.js'
import { TokenFile } from './token-file.js'

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
    tokenFile: (path) => new TokenFile(path, warn),
    openJournal: (name, folder) => openJournalFolder(name, folderJournal(folder) as never),
    feedOfFile,
    listen,
    readPage,
  }
}
