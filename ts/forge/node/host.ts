/**
 * The forge's host for runtimes with Node's modules: Node, Bun and Deno.
 */
import process from 'node:process'
import { loadForge, loadForgeBeside } from '../../node/load-forge.js'
import type { ForgeHost } from '../host.js'
import { FileLibrary } from './file-library.js'

export function forgeNodeHost(target: 'node' | 'deno' | 'bun'): ForgeHost {
  const warn = (line: string): void => {
    process.stderr.write(`${line}\n`)
  }
  return {
    target,
    remedy: 'await ready() first',
    loadBinding: (source) => loadForgeBeside(source, warn),
    loadNow: () => loadForge(undefined, warn),
    warn,
    openLibrary: (path) => new FileLibrary(path),
  }
}
