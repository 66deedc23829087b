/**
 * Constraints of a study: bounds on what an evaluation measures besides its value. The core hears of them as one number, the
 * worst margin (limit - value) / |limit|: positive where all are kept.
 */
import { invalid } from '../errors.js'
import * as check from '../schema/checks.js'

/** Bounds by what they are on, at least one of `min` and `max` each. What misses one is never the best, whatever its value. */
export type SolverConstraints<C extends string> = {
  readonly [N in C]: { readonly min?: number; readonly max?: number }
}

interface Limit {
  readonly name: string
  readonly limit: number
  /** 1: an upper limit, -1: a lower one. */
  readonly side: 1 | -1
}

export class ResolvedConstraints {
  readonly #limits: readonly Limit[]
  readonly #names: readonly string[]

  constructor(constraints: unknown) {
    const entries = constraints === undefined ? [] : Object.entries(check.object('constraints', constraints))
    this.#names = entries.map(([name]) => check.name(`constraints.${name}`, name))
    this.#limits = entries.flatMap(([name, bound]) => limits(name, bound))
  }

  get any(): boolean {
    return this.#names.length > 0
  }

  /** NaN without constraints. What is not finite keeps no constraint. Throws on a value that is not given. */
  margin(option: string, measured: unknown): number {
    if (!this.any) {
      if (measured !== undefined) throw invalid(option, 'left out: no constraints were declared', measured)
      return Number.NaN
    }
    const values = check.object(option, measured)
    check.onlyKeys(option, values, this.#names)
    for (const name of this.#names) {
      if (typeof values[name] !== 'number') throw invalid(`${option}.${name}`, 'a number', values[name])
    }
    const margins = this.#limits.map(({ name, limit, side }) => {
      const value = values[name] as number
      const scale = Math.abs(limit) || 1
      return Number.isFinite(value) ? (side * (limit - value)) / scale : Number.NEGATIVE_INFINITY
    })
    return Math.min(...margins)
  }
}

function limits(name: string, bound: unknown): Limit[] {
  const at = `constraints.${name}`
  const o = check.object(at, bound)
  check.onlyKeys(at, o, ['min', 'max'])
  if (o.min === undefined && o.max === undefined) throw invalid(at, 'an object with `min`, `max` or both', bound)
  for (const side of ['min', 'max']) {
    if (o[side] !== undefined && !Number.isFinite(o[side])) throw invalid(`${at}.${side}`, 'a finite number', o[side])
  }
  const { min, max } = o as { min?: number; max?: number }
  if (min !== undefined && max !== undefined && min > max) throw invalid(`${at}.max`, `at least ${min}`, max)
  return [
    ...(max === undefined ? [] : [{ name, limit: max, side: 1 as const }]),
    ...(min === undefined ? [] : [{ name, limit: min, side: -1 as const }]),
  ]
}
