/**
 * Pruners: whether an evaluation that tells intermediate values is worth finishing. Values are such that lower is better; one
 * that is not finite is worse than any.
 */
import { invalid } from '../errors.js'
import * as check from '../schema/checks.js'

/**
 * - `median`: hopeless is what, at its best so far, is worse than the median of what complete trials told at the same step. Begins
 *   after `startup` complete trials (1 to 10000; default 5), and at step `warmup` (default 0).
 * - `halving`: at the steps `first`, `first * factor`, `first * factor²`, … only the best 1/`factor` of all that came so far go on
 *   (`first` above 0, default 1; `factor` 2 to 100, default 4).
 */
export type PrunerOptions =
  | 'median'
  | 'halving'
  | { readonly kind: 'median'; readonly startup?: number; readonly warmup?: number }
  | { readonly kind: 'halving'; readonly first?: number; readonly factor?: number }

export interface Pruner {
  /** An intermediate value; true where the trial should end. Steps of one trial grow. */
  report(trial: number, step: number, value: number): boolean
  /** The trial ended; only what complete ones told is compared with. */
  end(trial: number, complete: boolean): void
}

/** Values kept per step, the newest. */
const VALUES_MAX = 1000
const STEPS_MAX = 10_000

export function makePruner(options: unknown): Pruner | undefined {
  if (options === undefined) return undefined
  const o = check.object('pruner', typeof options === 'string' ? { kind: options } : options)
  const kind = check.oneOf('pruner.kind', o.kind, ['median', 'halving'])
  if (kind === 'median') {
    check.onlyKeys('pruner', o, ['kind', 'startup', 'warmup'])
    const startup = check.number('pruner.startup', o.startup, { min: 1, max: 10_000, whole: true, fallback: 5 })
    return new MedianPruner(startup, check.number('pruner.warmup', o.warmup, { min: 0, max: 1e9, fallback: 0 }))
  }
  check.onlyKeys('pruner', o, ['kind', 'first', 'factor'])
  const first = check.number('pruner.first', o.first, { min: 0, open: true, max: 1e9, fallback: 1 })
  return new HalvingPruner(first, check.number('pruner.factor', o.factor, { min: 2, max: 100, fallback: 4 }))
}

const orWorst = (value: number): number => (Number.isFinite(value) ? value : Number.POSITIVE_INFINITY)

export class MedianPruner implements Pruner {
  readonly #startup: number
  readonly #warmup: number
  readonly #steps = new Map<number, number[]>()
  readonly #running = new Map<number, { best: number; told: [step: number, value: number][] }>()
  #complete = 0

  constructor(startup: number, warmup: number) {
    this.#startup = startup
    this.#warmup = warmup
  }

  report(trial: number, step: number, given: number): boolean {
    const value = orWorst(given)
    let running = this.#running.get(trial)
    if (running === undefined) {
      running = { best: Number.POSITIVE_INFINITY, told: [] }
      this.#running.set(trial, running)
    }
    running.best = Math.min(running.best, value)
    if (running.told.length < STEPS_MAX) running.told.push([step, value])
    if (this.#complete < this.#startup || step < this.#warmup) return false
    const others = this.#steps.get(step)
    return others !== undefined && running.best > median(others)
  }

  end(trial: number, complete: boolean): void {
    const running = this.#running.get(trial)
    this.#running.delete(trial)
    if (!complete) return
    this.#complete++
    for (const [step, value] of running?.told ?? []) {
      const values = this.#steps.get(step)
      if (values !== undefined) {
        values.push(value)
        if (values.length > VALUES_MAX) values.shift()
      } else if (this.#steps.size < STEPS_MAX) this.#steps.set(step, [value])
    }
  }
}

export class HalvingPruner implements Pruner {
  readonly #first: number
  readonly #factor: number
  /** Values per rung, of every trial that reached it. */
  readonly #rungs: number[][] = []
  readonly #next = new Map<number, number>()

  constructor(first: number, factor: number) {
    this.#first = first
    this.#factor = factor
  }

  report(trial: number, step: number, given: number): boolean {
    const value = orWorst(given)
    for (;;) {
      const rung = this.#next.get(trial) ?? 0
      if (step < this.#first * this.#factor ** rung) return false
      this.#next.set(trial, rung + 1)
      this.#rungs[rung] ??= []
      const values = this.#rungs[rung]
      values.push(value)
      if (values.length > VALUES_MAX) values.shift()
      const going = Math.max(1, Math.floor(values.length / this.#factor))
      if (value > (values.toSorted((a, b) => a - b)[going - 1] as number)) return true
    }
  }

  end(trial: number): void {
    this.#next.delete(trial)
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] as number
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2
}

/** Checks what an evaluation reported: `(value)` or `(step, value)`. */
export function reported(args: readonly unknown[], count: number): { step: number; value: number } {
  const [step, value] = args.length === 1 ? [count, args[0]] : args
  if (typeof step !== 'number' || !Number.isFinite(step)) throw invalid('report(step)', 'a finite number', step)
  if (typeof value !== 'number') throw invalid('report(value)', 'a number', value)
  return { step, value }
}
