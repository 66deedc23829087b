/**
 * The host for runtimes with Node's modules: Node, Bun and Deno.
 */
import { randomUUID } from 'node:crypto'
import process from 'node:process'
import { isMainThread } from 'node:worker_threads'
import type { Host } from '../host.js'
import { readControlFile, watchControlFile } from './control-watcher.js'
import { openJournalFolder } from './journal-folder.js'
import { loadBinding } from './load.js'

export function nodeHost(target: 'node' | 'deno' | 'bun'): Host {
  const warn = (line: string): void => {
    process.stderr.write(`${line}\n`)
  }
  return {
    target,
    remedy: 'await ready() first',
    loadBinding: async (source) => loadBinding(source, warn),
    env: (name) => process.env[name],
    warn,
    randomId: () => randomUUID(),
    openJournal: (name, journal) => openJournalFolder(name, journal),
    readControlFile,
    watchControlFile,
    onOffSignal,
    onThreadExit,
  }
}

/** Signals exist on POSIX, and Node delivers them to the main thread only. */
function onOffSignal(callback: () => void): () => void {
  if (process.platform === 'win32' || !isMainThread) return () => {}
  process.on('SIGUSR2', callback)
  return () => {
    process.off('SIGUSR2', callback)
  }
}

function onThreadExit(callback: () => void): () => void {
  process.once('exit', callback)
  return () => {
    process.off('exit', callback)
  }
}
