/**
 * How far a study is, and whether it may go on.
 */
import type { SolverCore } from '../../binding.js'

export interface Counts {
  readonly total: number
  readonly open: number
  readonly complete: number
  readonly failed: number
  readonly pruned: number
  readonly infeasible: number
  readonly not_finite: number
  readonly added: number
}

/** What `SolverCore.explain()` says, as far as commands use it. */
export interface Explanation {
  readonly strategy: string
  readonly phase: string
  readonly trials: Counts
  readonly exhausted: boolean
  readonly best: { readonly trial: number; readonly value: number } | null
  readonly importance?: Readonly<Record<string, number>>
  readonly [key: string]: unknown
}

export function explain(core: SolverCore): Explanation {
  return JSON.parse(core.explain()) as Explanation
}

export const countsOf = (core: SolverCore): Counts => explain(core).trials

/** Trials that may still be asked for. What was added from elsewhere costs nothing. */
export function left({ total, added }: Counts, budget: number | undefined): number {
  return budget === undefined ? Number.POSITIVE_INFINITY : budget - (total - added)
}
