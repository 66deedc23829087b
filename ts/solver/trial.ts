/**
 * Trials as the user sees them, and outcomes on their way to the core.
 */
import { OUTCOME_COMPLETE, OUTCOME_FAILED, OUTCOME_PRUNED, type SolverCore } from '../binding.js'
import { invalid } from '../errors.js'
import * as check from '../schema/checks.js'
import type { Space } from '../schema/knob.js'
import type { ResolvedConstraints } from './constraints.js'
import { type Evaluated, reasonOf } from './evaluation.js'
import type { Params } from './space.js'

/** A point to evaluate. */
export interface Trial<S extends Space = Space> {
  /** Its number, from 0 in the order in which points were asked for or added. */
  readonly trial: number
  readonly params: Params<S>
}

/** A trial and what became of it. */
export interface TrialRecord<S extends Space = Space> extends Trial<S> {
  /** `open`: asked for and not told. */
  readonly state: 'open' | 'complete' | 'failed' | 'pruned'
  /** What it was told; absent where that was not a finite number. Of a pruned trial, its last intermediate value. */
  readonly value?: number
  /** The worst constraint's (limit - value) / |limit|: negative where one is missed. Absent without constraints. */
  readonly margin?: number
  /** Why it failed. */
  readonly reason?: string
}

/** The best trial so far that kept every constraint. */
export interface Best<S extends Space = Space> extends Trial<S> {
  /** What its value is believed to be: where evaluations are noisy, not the luckiest sample. */
  readonly value: number
}

/** How an evaluation ended: its value, that it failed and why, or that it was given up with its value so far. */
export type Outcome<C extends string = never> =
  | Evaluated<C>
  | { readonly failed: string | Error }
  | { readonly pruned: true; readonly value?: number }

/** An outcome as it crosses the seam. */
export interface CoreOutcome {
  readonly outcome: number
  readonly value: number
  readonly margin: number
  readonly reason: string
}

/** 1 to minimise, -1 to maximise: the core minimises. */
export type Sign = 1 | -1

/** What an evaluation returned: a number, or an object with `value`. Throws where it is neither. */
export function evaluated(option: string, result: unknown, sign: Sign, constraints: ResolvedConstraints): CoreOutcome {
  const { value, measured } =
    typeof result === 'number' ? { value: result, measured: undefined } : parts(option, result)
  const margin = constraints.margin(`${option}.constraints`, measured)
  return { outcome: OUTCOME_COMPLETE, value: sign * value, margin, reason: '' }
}

function parts(option: string, result: unknown): { value: number; measured: unknown } {
  if (typeof result !== 'object' || result === null) throw invalid(option, 'a number or { value }', result)
  const { value, constraints } = result as { value?: unknown; constraints?: unknown }
  if (typeof value !== 'number') throw invalid(`${option}.value`, 'a number', value)
  return { value, measured: constraints }
}

/** What a caller tells, failures and pruning included. */
export function outcomeOf(option: string, given: unknown, sign: Sign, constraints: ResolvedConstraints): CoreOutcome {
  if (typeof given === 'object' && given !== null) {
    const { failed, pruned, value } = given as { failed?: unknown; pruned?: unknown; value?: unknown }
    if (failed !== undefined) {
      check.onlyKeys(option, given, ['failed'])
      return { outcome: OUTCOME_FAILED, value: Number.NaN, margin: Number.NaN, reason: reasonOf(failed) }
    }
    if (pruned !== undefined) {
      check.onlyKeys(option, given, ['pruned', 'value'])
      if (pruned !== true) throw invalid(`${option}.pruned`, 'true', pruned)
      if (value !== undefined && typeof value !== 'number') throw invalid(`${option}.value`, 'a number', value)
      return {
        outcome: OUTCOME_PRUNED,
        value: sign * ((value as number) ?? Number.NaN),
        margin: Number.NaN,
        reason: '',
      }
    }
    check.onlyKeys(option, given, ['value', 'constraints'])
  }
  return evaluated(option, given, sign, constraints)
}

/** One trial as the core tells it. */
export function readTrial<S extends Space>(core: SolverCore, trial: number, sign: Sign): TrialRecord<S> {
  const { value, ...rest } = JSON.parse(core.trial(trial)) as TrialRecord<S>
  return value === undefined ? rest : { ...rest, value: sign * value }
}
