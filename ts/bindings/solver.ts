/** Wraps the generated surface of either target's solver into a {@link SolverBinding}. */
import type { SolverBinding, SolverCore, StudyReader } from '../binding.js'
import { type CoreOptions, guard } from './guard.js'

/** What both generated modules export. The two are compared by a test. */
export interface SolverModule {
  version(): string
  Study: new (config: string) => object
  StudyReader: new () => object
}

/** The methods that are passed through; one table for both targets. */
export const SOLVER_METHODS = {
  Study: ['ask', 'tell', 'add', 'find', 'best', 'probe', 'trials', 'explain', 'trial', 'takeLog', 'close'],
  StudyReader: ['push', 'finish', 'dropped'],
} as const

export function bindSolver(module: SolverModule, options: CoreOptions): SolverBinding {
  const { call, wrap } = guard(options)
  const study = (make: () => object): SolverCore => wrap(SOLVER_METHODS.Study, make)
  return {
    kind: options.kind,
    version: () => call(() => module.version()),
    createSolver: (config) => study(() => new module.Study(config)),
    createStudyReader: () => {
      const reader: StudyReader = wrap(SOLVER_METHODS.StudyReader, () => new module.StudyReader())
      return {
        push: (bytes) => reader.push(bytes),
        dropped: () => reader.dropped(),
        finish: () => {
          const core = reader.finish()
          return study(() => core)
        },
      }
    },
  }
}
