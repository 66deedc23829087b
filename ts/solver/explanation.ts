/**
 * What `explain()` tells, as the core says it.
 */
import type { SolverCore } from '../binding.js'
import type { Space } from '../schema/knob.js'
import type { Params } from './space.js'
import type { Sign } from './trial.js'

export interface Explanation<S extends Space = Space> {
  /** The method that proposes points. */
  readonly strategy: string
  /** What it is doing, for people. */
  readonly phase: string
  readonly trials: {
    readonly total: number
    readonly open: number
    readonly complete: number
    readonly failed: number
    readonly pruned: number
    /** Complete, but a constraint was missed. */
    readonly infeasible: number
    /** Complete, but the value was NaN or infinite. */
    readonly not_finite: number
    /** Not asked for: earlier results. */
    readonly added: number
  }
  /** Every point of a finite space is known. */
  readonly exhausted: boolean
  /** The incumbent with its honest value; null before anything complete and feasible. */
  readonly best: null | { readonly trial: number; readonly params: Params<S>; readonly value: number }
  /** How much of the objective's variation each knob accounts for, 0 to 1. */
  readonly importance: { readonly [N in keyof S]: number }
}

export function explain<S extends Space>(core: SolverCore, sign: Sign): Explanation<S> {
  const said = JSON.parse(core.explain()) as Explanation<S>
  if (said.best === null) return said
  return { ...said, best: { ...said.best, value: sign * said.best.value } }
}
