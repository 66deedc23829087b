/**
 * Between a knob's unit and its share of the range, 0 to 1, as the core has it.
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
