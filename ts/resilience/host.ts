/**
 * What an entry injects: everything of the reflex that differs between runtimes.
 */
import type { Source } from '../ready.js'
import type { ReflexBinding } from '../reflex-binding.js'

export interface ReflexHost extends Source<ReflexBinding> {
  readonly target: 'node' | 'deno' | 'bun' | 'browser' | 'workerd' | 'edge-light'
  /** One line for the operator. */
  warn(line: string): void
  /** An unsigned 32-bit integer that differs from process to process. */
  randomSeed(): number
}
