/**
 * What an entry injects: everything of the solver that differs between runtimes.
 */
import type { SolverBinding, StudyConfig } from '../binding.js'
import type { Source } from '../ready.js'
import type { Study } from './study.js'

export interface StudyFileOptions {
  readonly path: string
  /** Force every change to the disk, for power failures. */
  readonly sync: boolean
}

export interface SolverHost extends Source<SolverBinding> {
  readonly target: 'node' | 'deno' | 'bun' | 'browser' | 'workerd' | 'edge-light'
  /** One line for the operator. */
  warn(line: string): void
  /** Opens a study that lives in a file, or makes it. */
  openStudyFile?(binding: SolverBinding, config: StudyConfig, options: StudyFileOptions): Study
}
