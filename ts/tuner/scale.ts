/**
 * Between a knob's unit and its share of the range, 0 to 1, as the core has it; and where one update may bring a value.
 */
import type { KnobConfig } from '../binding.js'

export type Ranged = Pick<KnobConfig, 'scale' | 'min' | 'max'>

export function unitOf({ scale, min, max }: Ranged, value: number): number {
  if (!(max > min)) return 0
  const unit = scale === 'log' ? Math.log(value / min) / Math.log(max / min) : (value - min) / (max - min)
  return Math.min(1, Math.max(0, unit))
}

export function ofUnit({ scale, min, max }: Ranged, unit: number): number {
  const share = Math.min(1, Math.max(0, unit))
  return scale === 'log' ? min * (max / min) ** share : min + (max - min) * share
}

/** Where one step of at most `step` of the range may bring a value; a periodic knob may go anywhere round. */
export function bandOf(knob: Ranged, baseline: number, step: number): { low: number; high: number } {
  if (knob.scale === 'periodic') return { low: knob.min, high: knob.max }
  const unit = unitOf(knob, baseline)
  return { low: brief(ofUnit(knob, unit - step)), high: brief(ofUnit(knob, unit + step)) }
}

export const brief = (value: number): number => Number(value.toPrecision(9))
