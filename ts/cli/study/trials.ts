/**
 * Trials and the incumbent as the core tells them.
 */
import type { SolverCore } from '../../binding.js'
import type { Knobs, Params } from '../../node/study/knobs.js'

export interface Trial {
  readonly trial: number
  readonly state: 'open' | 'complete' | 'failed' | 'pruned'
  readonly params: Params
  readonly value?: number
  /** The worst constraint's (limit - value) / |limit|. */
  readonly margin?: number
  readonly reason?: string
  readonly added?: boolean
}

export function trialOf(core: SolverCore, number: number): Trial {
  return JSON.parse(core.trial(number)) as Trial
}

export function* trialsOf(core: SolverCore): Generator<Trial> {
  const count = core.trials()
  for (let i = 0; i < count; i++) yield trialOf(core, i)
}

export function bestOf(core: SolverCore, knobs: Knobs): Trial | undefined {
  const values = new Float64Array(knobs.length)
  const number = core.best(values)
  return number < 0 ? undefined : trialOf(core, number)
}
