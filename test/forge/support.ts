import { expect } from 'vitest'
import { HomeostatError } from '../../ts/entries/forge/node.js'

/** Numbers between -1 and 1, the same for the same seed. */
export function numbers(count: number, seed = 1): Float32Array {
  let state = seed >>> 0 || 1
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 31 - 1
  })
}

export function matmul(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  [m, n, k]: readonly [number, number, number],
): number[] {
  const y = new Array<number>(m * n).fill(0)
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++)
      for (let p = 0; p < k; p++)
        y[i * n + j] = (y[i * n + j] as number) + (a[i * k + p] as number) * (b[p * n + j] as number)
  return y
}

/** Abramowitz and Stegun 7.1.26 is not enough here: the series, and its continued fraction where that takes long. */
export function erf(x: number): number {
  if (Math.abs(x) > 5) return Math.sign(x)
  let [term, sum] = [x, x]
  for (let n = 1; n < 120; n++) {
    term *= -(x * x) / n
    sum += term / (2 * n + 1)
  }
  return (2 / Math.sqrt(Math.PI)) * sum
}

export const gelu = (x: number): number => (x * (1 + erf(x / Math.SQRT2))) / 2

export function close(got: ArrayLike<number>, wanted: ArrayLike<number>, bound = 1e-5): void {
  expect(got.length).toBe(wanted.length)
  let worst = 0
  for (let i = 0; i < wanted.length; i++) worst = Math.max(worst, Math.abs((got[i] as number) - (wanted[i] as number)))
  expect(worst).toBeLessThanOrEqual(bound)
}

/** The error that something is refused with: its code and message. */
export async function refusal(work: () => unknown): Promise<HomeostatError> {
  try {
    await work()
  } catch (error) {
    expect(error).toBeInstanceOf(HomeostatError)
    return error as HomeostatError
  }
  throw new Error('nothing was refused')
}
