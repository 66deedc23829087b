/**
 * The solver's host for runtimes without Node's modules: browsers, and edge runtimes that bring the compiled module along.
 */
import type { SolverHost } from '../solver/host.js'
import { wasmSolverBinding } from './solver-wasm.js'
import { compiledFrom } from './wasm-source.js'

/** `source`: a compiled module, or where to fetch it. */
export function solverWebHost(
  target: 'browser' | 'workerd' | 'edge-light',
  source: WebAssembly.Module | URL,
): SolverHost {
  return {
    target,
    remedy: 'await ready() first',
    loadBinding: async (given) => wasmSolverBinding(await compiledFrom(given ?? source)),
    warn: (line) => console.warn(line),
  }
}
