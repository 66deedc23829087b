/**
 * The cores behind the commands, loaded once and only where they are needed.
 */
import process from 'node:process'
import type { Binding, SolverBinding } from '../binding.js'
import { loadBinding } from '../node/load.js'
import { loadSolver as loadSolverBinding } from '../node/load-solver.js'

const warn = (line: string): void => {
  process.stderr.write(`${line}\n`)
}

let core: Binding | undefined
let solver: SolverBinding | undefined

export function loadCore(): Binding {
  core ??= loadBinding(undefined, warn)
  return core
}

export function loadSolver(): SolverBinding {
  solver ??= loadSolverBinding(undefined, warn)
  return solver
}
