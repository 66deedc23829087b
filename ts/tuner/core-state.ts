/**
 * What the core says of itself. The façade repeats it instead of assuming that an input took effect: while the journal's
 * queue is full, the core drops every input that does not protect.
 */
import type { Engine } from '../binding.js'
import type { Explanation } from './explain.js'

export type CoreState = Omit<Explanation, 'counters'>

export function coreState(engine: Engine, nowUs: number): CoreState {
  return JSON.parse(engine.explain(nowUs)) as CoreState
}
