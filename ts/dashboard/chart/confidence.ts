/**
 * A mean that moves with its 95 % interval. Neighbours resemble each other, so `n` of them count for as many independent ones as their
 * autocorrelation at lag one leaves: n (1 - r) / (1 + r), as where the server tells the present mean.
 */
import type { Rows } from './decimate.js'

const Z = 1.96

/** Over `width` rows up to each one. Rows without a value have what was known before them. */
export function movingMean({ at, mean }: Rows, width: number): Rows {
  const n = at.length
  const out = { at, min: filled(n), max: filled(n), mean: filled(n) }
  const ring: number[] = []
  for (let i = 0; i < n; i++) {
    const value = mean[i] as number
    if (!Number.isFinite(value)) {
      if (i > 0) for (const one of [out.min, out.max, out.mean]) one[i] = one[i - 1] as number
      continue
    }
    ring.push(value)
    if (ring.length > width) ring.shift()
    const centre = ring.reduce((sum, one) => sum + one, 0) / ring.length
    const half = halfWidth(ring, centre)
    out.mean[i] = centre
    out.min[i] = centre - half
    out.max[i] = centre + half
  }
  return out
}

function halfWidth(values: readonly number[], mean: number): number {
  const n = values.length
  if (n < 3) return 0
  let squares = 0
  let neighbours = 0
  for (let i = 0; i < n; i++) {
    const off = (values[i] as number) - mean
    squares += off * off
    if (i > 0) neighbours += off * ((values[i - 1] as number) - mean)
  }
  if (squares === 0) return 0
  const r = Math.min(0.98, Math.max(0, neighbours / squares))
  return Z * Math.sqrt(squares / (n - 1) / Math.max(2, (n * (1 - r)) / (1 + r)))
}

const filled = (n: number): Float64Array => new Float64Array(n).fill(Number.NaN)
