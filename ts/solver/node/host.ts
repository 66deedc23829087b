/**
 * The solver's host for runtimes with Node's modules: Node, Bun and Deno. The core is loaded at its first use, at once.
 */
import process from 'node:process'
import { loadSolver } from '../../node/load-solver.js'
import type { SolverHost } from '../host.js'
import { openStudyFile } from './study-file.js'

export function solverNodeHost(target: 'node' | 'deno' | 'bun'): SolverHost {
  const warn = (line: string): void => {
    process.stderr.write(`${line}\n`)
  }
  return {
    target,
    remedy: 'await ready() first',
    loadBinding: async (source) => loadSolver(source, warn),
    loadNow: () => loadSolver(undefined, warn),
    warn,
    openStudyFile: (binding, config, options) => openStudyFile(binding, config, options, warn),
  }
}
