/**
 * The same solver for every runtime: an entry makes it from its host and exports what it gives.
 */
import { Loader, type Ready } from '../ready.js'
import type { Space } from '../schema/knob.js'
import type { SolverHost } from './host.js'
import { type Minimize, makeMinimize, openFile } from './minimize.js'
import type { SolverOptions } from './options.js'
import { Solver } from './solver.js'
import { MemoryStudy, readStudy } from './study.js'
import { validateSolver } from './validate.js'

export interface SolverFacade {
  readonly ready: Ready
  readonly minimize: Minimize
  /**
   * Makes a solver to ask and tell. In browsers and on the edge after `ready()`, else `HOMEOSTAT_NOT_READY`. Throws
   * `HOMEOSTAT_INVALID_*` or `HOMEOSTAT_UNKNOWN_*` for options that cannot be meant, `HOMEOSTAT_STUDY_*` where what is restored is
   * another study, damaged, locked, or cannot be written.
   */
  createSolver<const S extends Space, const C extends string = never>(options: SolverOptions<S, C>): Solver<S, C>
  /** Which core runs: `native` or `wasm`. In browsers and on the edge after `ready()`. */
  bindingKind(): 'native' | 'wasm'
}

export function makeSolverFacade(host: SolverHost): SolverFacade {
  const loader = new Loader(host)
  return {
    ready: async (source) => {
      await loader.load(source)
    },
    minimize: makeMinimize(host, () => loader.load()),
    createSolver: (input) => {
      const resolved = validateSolver(input)
      const { config, restore, checkpoint } = resolved
      const binding = loader.need('createSolver()')
      if (checkpoint !== undefined) return new Solver(openFile(host, binding, config, checkpoint), resolved)
      if (restore === undefined)
        return new Solver(new MemoryStudy(binding.createSolver(JSON.stringify(config)), ''), resolved)
      const { core, text } = readStudy(binding, 'restore', restore, config)
      return new Solver(new MemoryStudy(core, text), resolved)
    },
    bindingKind: () => loader.need('bindingKind()').kind,
  }
}
