/**
 * Typed objects over the shared block: `knobs` with one getter per knob, `signals` with one reporter per signal. A getter is a
 * closure over the array and a constant index, which engines inline to one load.
 */
import { asCount, asRatio, type Report } from './ring.js'

export interface KnobShape {
  readonly name: string
  readonly kind: 'number' | 'integer' | 'boolean' | 'choice' | 'duration' | 'bytes'
  /** Options of a choice, in the order of their indices. */
  readonly choices: readonly string[] | undefined
}
export interface SignalShape {
  readonly name: string
  readonly kind: 'duration' | 'ratio' | 'count' | 'gauge'
}

/**
 * An object whose properties read the knobs out of `live`, whose element 0 is the generation.
 *
 * The accessors sit on a prototype of their own: V8 turns an object into a dictionary when a second one of the same shape gets
 * other accessors, and a frozen one at once (measured: 18 ns a read in place of 0.6).
 */
export function knobView(knobs: readonly KnobShape[], live: Float64Array): object {
  const prototype = { toJSON: () => typedValues(knobs, live) }
  Object.defineProperty(prototype, 'toJSON', { enumerable: false })
  knobs.forEach((knob, i) => {
    Object.defineProperty(prototype, knob.name, { enumerable: true, get: getter(knob, live, 1 + i) })
  })
  return Object.create(prototype) as object
}

function getter(knob: KnobShape, live: Float64Array, at: number): () => unknown {
  if (knob.kind === 'boolean') return () => live[at] !== 0
  if (knob.kind === 'choice') {
    const choices = knob.choices as readonly string[]
    return () => choices[live[at] as number]
  }
  return () => live[at]
}

/** A knob's number as the application sees it. */
export function typed(knob: KnobShape, value: number): number | boolean | string {
  if (knob.kind === 'boolean') return value !== 0
  if (knob.kind === 'choice') return knob.choices?.[value] as string
  return value
}

/** A plain object of all values out of `[generation, ...values]`. */
export function typedValues(
  knobs: readonly KnobShape[],
  copy: Float64Array,
): Record<string, number | boolean | string> {
  const values: Record<string, number | boolean | string> = {}
  knobs.forEach((knob, i) => {
    values[knob.name] = typed(knob, copy[1 + i] as number)
  })
  return values
}

/** An object with one reporter per signal, on a prototype of its own so that a call site sees constants. */
export function signalView(signals: readonly SignalShape[], make: (signal: number) => Report): object {
  const prototype = {}
  signals.forEach((signal, i) => {
    const report = make(i)
    const value = signal.kind === 'ratio' ? asRatio(report) : signal.kind === 'count' ? asCount(report) : report
    Object.defineProperty(prototype, signal.name, { enumerable: true, value })
  })
  return Object.create(prototype) as object
}
