/**
 * The reflex's host for runtimes with Node's modules: Node, Bun and Deno. The core is loaded at its first use, at once.
 */
import { randomBytes } from 'node:crypto'
import process from 'node:process'
import { loadReflex } from '../../node/load-reflex.js'
import type { ReflexHost } from '../host.js'

export function reflexNodeHost(target: 'node' | 'deno' | 'bun'): ReflexHost {
  const warn = (line: string): void => {
    process.stderr.write(`${line}\n`)
  }
  return {
    target,
    remedy: 'await ready() first',
    loadBinding: async (source) => loadReflex(source, warn),
    loadNow: () => loadReflex(undefined, warn),
    warn,
    randomSeed: () => randomBytes(4).readUInt32LE(),
  }
}
