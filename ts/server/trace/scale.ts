/**
 * Where one update may bring a value.
 */
import { ofUnit, type Ranged, unitOf } from '../../tuner/scale.js'

export { ofUnit, unitOf } from '../../tuner/scale.js'

/** Where one step of at most `step` of the range may bring a value; a periodic knob may go anywhere round. */
export function bandOf(knob: Ranged, baseline: number, step: number): { low: number; high: number } {
  if (knob.scale === 'periodic') return { low: knob.min, high: knob.max }
  const unit = unitOf(knob, baseline)
  return { low: brief(ofUnit(knob, unit - step)), high: brief(ofUnit(knob, unit + step)) }
}

export const brief = (value: number): number => Number(value.toPrecision(9))
