/**
 * Asks the recipes for their candidates' metrics once per window and turns them into the objective at each candidate.
 */
import type { Engine } from '../binding.js'
import { invalid } from '../errors.js'
import type { Resolved } from '../schema/validate.js'
import type { ShadowSource } from '../shadow/recipe.js'
import type { WindowMetrics } from './metrics.js'

interface Bound {
  readonly knob: number
  readonly source: ShadowSource
  readonly metrics: Float64Array
  readonly costs: Float64Array
  readonly kept: number[]
}

export class ShadowRunner {
  /** Objectives at candidates that threw. */
  errors = 0
  readonly #resolved: Resolved
  readonly #bound: Bound[] = []

  constructor(resolved: Resolved, nowUs: () => number) {
    this.#resolved = resolved
    for (const knob of resolved.knobs) {
      if (knob.shadow === undefined) continue
      for (const name of knob.shadow.replaces) {
        const kind = resolved.signals.find((signal) => signal.name === name)?.kind
        if (kind === 'duration') throw invalid(`knobs.${knob.name}.shadow.replaces`, 'ratios, counts or gauges', name)
      }
      const { min, max, scale } = knob.config
      const source = knob.shadow.bind({ min, max, scale, nowUs })
      this.#bound.push({
        knob: knob.index,
        source,
        metrics: new Float64Array(source.values.length * source.replaces.length),
        costs: new Float64Array(source.values.length),
        kept: source.replaces.map(() => 0),
      })
    }
  }

  run(engine: Engine, metrics: WindowMetrics, nowUs: number): void {
    for (const bound of this.#bound) {
      if (!bound.source.collect(nowUs, bound.metrics)) continue
      this.#evaluate(bound, metrics.view as Record<string, number>)
      engine.shadow(bound.knob, bound.source.values, bound.costs)
    }
  }

  #evaluate(bound: Bound, view: Record<string, number>): void {
    const { source, metrics, costs, kept } = bound
    const names = source.replaces
    for (let j = 0; j < names.length; j++) kept[j] = view[names[j] as string] as number
    for (let i = 0; i < costs.length; i++) {
      for (let j = 0; j < names.length; j++) view[names[j] as string] = metrics[i * names.length + j] as number
      costs[i] = this.#objective(view)
    }
    for (let j = 0; j < names.length; j++) view[names[j] as string] = kept[j] as number
  }

  /** The objective at one candidate; NaN, which teaches nothing, where it throws or is not finite. */
  #objective(view: Record<string, number>): number {
    try {
      const value = this.#resolved.objective(view as never)
      return typeof value === 'number' && Number.isFinite(value) ? value * this.#resolved.sign : Number.NaN
    } catch {
      this.errors++
      return Number.NaN
    }
  }
}
